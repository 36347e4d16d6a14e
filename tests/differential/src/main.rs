//! differential: reads what differential.c writes and holds each answer against the zenoh crate's own. See README.md.
//!
//! Ends with 0 if nothing differs that README.md does not list, with 1 if something does, with 2 if the input is not whole.
use std::io::{self, BufRead, Write};
use std::panic;
use std::process::ExitCode;

use zenoh_keyexpr::{keyexpr, OwnedKeyExpr};

const SHOWN_MAX: u64 = 20; // differences that are printed
const PANIC: &str = "?panic"; // no canonical form

#[derive(Default)]
struct Sums {
    pairs: u64,
    intersecting: u64,
    including: u64,
    texts: u64,
    valid: u64,
    panics: u64, // of texts with "$*$*", which upstream canonizes wrongly or not at all
    leftovers: u64,
    differences: u64,
}

impl Sums {
    fn differ(&mut self, line: &str, ours: &str, theirs: &str) {
        self.differences += 1;
        if self.differences <= SHOWN_MAX {
            println!("differs: {line:?}: ours {ours}, theirs {theirs}");
        }
    }
}

fn bit(value: bool) -> char {
    if value {
        '1'
    } else {
        '0'
    }
}

/// "p", a, b, four digits: a and b are valid, they intersect, a includes b, b includes a.
fn check_pair(sums: &mut Sums, line: &str, fields: &[&str]) {
    let theirs = match (keyexpr::new(fields[1]), keyexpr::new(fields[2])) {
        (Ok(a), Ok(b)) => {
            let (met, forth, back) = (a.intersects(b), a.includes(b), b.includes(a));
            sums.intersecting += u64::from(met);
            sums.including += u64::from(forth);
            if met != b.intersects(a) {
                sums.differ(line, "symmetric", "asymmetric");
            }
            format!("1{}{}{}", bit(met), bit(forth), bit(back))
        }
        _ => "0000".to_string(),
    };
    sums.pairs += 1;
    if theirs != fields[3] {
        sums.differ(line, fields[3], &theirs);
    }
}

/// "" if the text has no canonical form.
fn canonize(text: &str) -> String {
    let text = text.to_string();
    match panic::catch_unwind(|| OwnedKeyExpr::autocanonize(text).map(String::from)) {
        Ok(Ok(canonical)) => canonical,
        Ok(Err(_)) => String::new(),
        Err(_) => PANIC.to_string(),
    }
}

/// What means the same, and upstream can read.
fn collapse(text: &str) -> String {
    let mut text = text.to_string();
    while text.contains("$*$*") {
        text = text.replace("$*$*", "$*");
    }
    text
}

/// "t", text, is it valid, its canonical form ("" if it has none).
fn check_text(sums: &mut Sums, line: &str, fields: &[&str]) {
    let is_valid = keyexpr::new(fields[1]).is_ok();
    sums.texts += 1;
    sums.valid += u64::from(is_valid);
    if bit(is_valid).to_string() != fields[2] {
        sums.differ(line, fields[2], &bit(is_valid).to_string());
    }
    let mut theirs = canonize(fields[1]);
    if theirs != fields[3] && fields[1].contains("$*$*") {
        if theirs == PANIC {
            sums.panics += 1;
        } else {
            sums.leftovers += 1;
        }
        theirs = canonize(&collapse(fields[1]));
    }
    if theirs != fields[3] {
        sums.differ(line, fields[3], &theirs);
    }
}

fn check(sums: &mut Sums, line: &str) -> bool {
    let fields: Vec<&str> = line.split('\t').collect();
    match (fields[0], fields.len()) {
        ("p", 4) => check_pair(sums, line, &fields),
        ("t", 4) => check_text(sums, line, &fields),
        _ => return false,
    }
    true
}

fn main() -> ExitCode {
    let mut sums = Sums::default();
    let mut end = None; // "end", pairs, texts
    panic::set_hook(Box::new(|_| {}));
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else {
            println!("differential: the input is not UTF-8");
            return ExitCode::from(2);
        };
        if line.starts_with("end\t") {
            end = Some(line);
        } else if end.is_some() || !check(&mut sums, &line) {
            println!("differential: not a line of differential.c: {line:?}");
            return ExitCode::from(2);
        }
    }
    println!(
        "differential: {} pairs, {} intersect, {} include; {} texts, {} valid; of those with \"$*$*\" upstream panics on \
         {} and leaves some in {}; {} differences",
        sums.pairs, sums.intersecting, sums.including, sums.texts, sums.valid, sums.panics, sums.leftovers,
        sums.differences
    );
    let _ = io::stdout().flush();
    if end != Some(format!("end\t{}\t{}", sums.pairs, sums.texts)) {
        println!("differential: the input ended too early");
        return ExitCode::from(2);
    }
    ExitCode::from(u8::from(sums.differences > 0))
}
