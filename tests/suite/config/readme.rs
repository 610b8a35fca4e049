//! The table in `systemd/SETTINGS.md` is the program's.

use esoz_otp::config::settings;

const SETTINGS: &str = include_str!("../../../systemd/SETTINGS.md");
const HEAD: &str = "| setting | takes | default | what it is |\n|---|---|---|---|\n";

/// The table as the document has to have it.
fn table() -> String {
    let row = |setting: &esoz_otp::config::Setting| {
        let (takes, default) = (setting.value_type.in_words(), setting.default_shown());
        format!("| `{}` | {takes} | {default} | {} |\n", setting.key, setting.description)
    };
    settings().iter().map(row).collect()
}

#[test]
fn the_table_of_settings_is_the_one_in_the_code() {
    let (_, rest) = SETTINGS.split_once(HEAD).expect("SETTINGS.md has the table's head");
    let written: String = rest
        .lines()
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| [line, "\n"])
        .collect();
    // Only the rows that differ, as the document should have them.
    let table = table();
    let is_in = |rows: &str, row: &str| rows.lines().any(|line| line == row);
    let missing: Vec<_> = table.lines().filter(|row| !is_in(&written, row)).collect();
    let wrong: Vec<_> = written.lines().filter(|row| !is_in(&table, row)).collect();
    assert!(
        missing.is_empty() && wrong.is_empty(),
        "systemd/SETTINGS.md should have these rows:\n{}\nand not these:\n{}",
        missing.join("\n"),
        wrong.join("\n")
    );
    let moved = table.lines().zip(written.lines()).find(|(row, found)| row != found);
    assert_eq!(moved, None, "the rows of systemd/SETTINGS.md have another order, from here on");
    assert_eq!(written, table);
}

#[test]
fn the_readme_s_settings_for_a_proxy_are_in_order() {
    let proxies = include_str!("../../../systemd/PROXIES.md");
    let (_, rest) =
        proxies.split_once("```toml\n[public]\n").expect("systemd/PROXIES.md shows them");
    let written = format!("[public]\n{}", rest.split_once("```").unwrap().0);
    let public = super::load(&written).unwrap().config.public;
    assert!(public.behind_proxy);
    assert_eq!((public.listen.len(), public.trusted_proxies.len()), (1, 1));
}
