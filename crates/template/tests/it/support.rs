//! What the tests share.

use expect_test::Expect;
use template::System;

/// The built-in template with one of its texts replaced; it must be there once.
pub(crate) fn changed(from: &str, to: &str) -> String {
    let template = System::built_in_template();
    assert_eq!(
        template.matches(from).count(),
        1,
        "{from:?} must be in the template once"
    );
    template.replace(from, to)
}

/// Reads a template with the built-in workflow.
pub(crate) fn parse(yaml: &str) -> Result<template::Read, template::Faults> {
    System::parse(yaml, &|path| System::built_in_workflow(path).map(str::to_owned))
}

/// The system of a template that must be without fault.
pub(crate) fn system(yaml: &str) -> System {
    match parse(yaml) {
        Ok((system, _)) => system,
        Err(faults) => panic!("{}", lines(&faults)),
    }
}

/// Resources alone, as a whole template.
pub(crate) fn with_resources(resources: &str) -> String {
    format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}")
}

/// Checks what is told about a template: its faults, or else its warnings.
pub(crate) fn check_told(yaml: &str, expected: &Expect) {
    let told = match parse(yaml) {
        Ok((_, warnings)) => format!("warnings:\n{}", lines(&warnings)),
        Err(faults) => lines(&faults),
    };
    expected.assert_eq(&told);
}

fn lines<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(|item| format!("{item}\n")).collect()
}
