//! The README's table of settings is the program's.

use esoz_otp::config::settings;

const README: &str = include_str!("../../../README.md");
const HEAD: &str = "| setting | takes | default | what it is |\n|---|---|---|---|\n";

/// The table as the README has to have it.
fn table() -> String {
    let row = |setting: &esoz_otp::config::Setting| {
        let (takes, default) = (setting.takes.in_words(), setting.default_shown());
        format!("| `{}` | {takes} | {default} | {} |\n", setting.key, setting.about)
    };
    settings().iter().map(row).collect()
}

#[test]
fn the_table_of_settings_is_the_one_in_the_code() {
    let (_, rest) = README.split_once(HEAD).expect("the README has the table's head");
    let written: String = rest
        .lines()
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(written, table(), "the README should have:\n{}", table());
}
