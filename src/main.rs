//! The binary: see [`esoz_otp`].

fn main() -> std::process::ExitCode {
    esoz_otp::cli::main(std::env::args_os())
}
