//! The binary `esoz-otp`: calls [`esoz_otp::cli`].

fn main() -> std::process::ExitCode {
    esoz_otp::cli::main(std::env::args_os())
}
