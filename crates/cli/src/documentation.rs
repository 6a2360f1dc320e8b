//! What is documented must be there: each command that the README and the help texts show is one that the binary
//! reads, each command of the binary is in the README, and each error code has its page.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, error::ErrorKind};

use crate::args::{self, Cli};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The commands in a text: code spans and lines that begin with `ordermill`, up to a pipe, a redirection or a comment.
fn commands_in(text: &str) -> Vec<String> {
    let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let lines = text.lines().map(|line| line.trim_start_matches([' ', '$']));
    let commands = spans
        .chain(lines)
        .filter(|command| command.starts_with("ordermill "));
    commands.map(str::to_owned).collect()
}

/// Words as a shell splits them: single quotes keep what is in them together.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in command.chars() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '|' | '<' | '>' | '#' if !quoted && word.is_none() => break,
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

fn check_parses(command: &str) {
    match args::read(words(command).into_iter().map(Into::into).collect()) {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {}
        Err(error) => panic!("{command}\n{error}"),
    }
}

/// Calls `visit` with the path of each command that has none below it.
fn visit_leaves(command: &Command, path: &str, visit: &mut impl FnMut(&str, &Command)) {
    let path = format!("{path}{}", command.get_name());
    let below: Vec<&Command> = command
        .get_subcommands()
        .filter(|c| c.get_name() != "help")
        .collect();
    if below.is_empty() {
        visit(&path, command);
    }
    for command in below {
        visit_leaves(command, &format!("{path} "), visit);
    }
}

#[test]
fn every_command_that_the_readme_shows_is_one() {
    let commands = commands_in(&readme());
    assert!(commands.len() > 20, "{commands:?}");
    commands.iter().for_each(|command| check_parses(command));
}

#[test]
fn every_command_is_in_the_readme_and_has_an_example_that_works() {
    let readme = readme();
    visit_leaves(&Cli::command(), "", &mut |path, command| {
        assert!(
            readme.contains(&format!("`{path}")),
            "{path} is not in the README"
        );
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let examples = commands_in(&help);
        assert!(
            examples.iter().any(|example| example.starts_with(path)),
            "{path} has no example"
        );
        examples.iter().for_each(|example| check_parses(example));
    });
}

#[test]
fn every_error_of_the_functions_has_its_page() {
    for code in functions::problem::ErrorCode::ALL {
        let page = root().join("docs/errors").join(format!("{}.md", code.as_str()));
        let text = fs::read_to_string(&page).unwrap_or_default();
        assert!(!text.trim().is_empty(), "{} is missing or empty", page.display());
    }
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn words_are_split_as_a_shell_does() {
    assert_eq!(
        words("ordermill a --b 'c d' < in > out"),
        ["ordermill", "a", "--b", "c d"]
    );
    assert_eq!(words("ordermill 'x' # y"), ["ordermill", "x"]);
}
