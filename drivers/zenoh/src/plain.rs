//! Errors of Zenoh's as whoever reads them needs them: without places in its source, and without dumps of its structures.

const CLOSED: &str = "Received a close message (reason ";
const ANY_OF: &str = "Unable to connect to any of [";

pub fn plain(error: &str) -> String {
    let text = without_places(error);
    let text = refusal(&text).unwrap_or(text);
    endpoints(&text).unwrap_or(text)
}

/// The same, of what ended an open: there Zenoh tells only the log what came of each endpoint.
pub fn of_open(error: &str) -> String {
    let text = plain(error);
    if !text.contains("Unable to connect to any of ") {
        return text;
    }
    format!("{text} Nothing answers there, or it refused: user, password or certificate? The log says which")
}

/// An error of Zenoh's without where in its source it was made: ` at FILE.rs:LINE.`, once for each layer.
fn without_places(error: &str) -> String {
    let mut rest = error;
    let mut text = String::new();
    while let Some(start) = rest.find(AT) {
        let (before, place) = rest.split_at(start);
        text.push_str(before);
        rest = match place_len(&place[AT.len()..]) {
            Some(len) => &place[AT.len() + len..],
            None => {
                text.push_str(AT);
                &place[AT.len()..]
            }
        };
    }
    text.push_str(rest);
    text.trim_end().to_owned()
}

const AT: &str = " at ";

/// Of `FILE.rs:LINE.`, if the text begins with it. Only a path from the root on may hold spaces.
fn place_len(text: &str) -> Option<usize> {
    let file = text.find(".rs:")?;
    let name = &text[..file];
    if name.contains(AT) || (name.contains(' ') && !name.starts_with('/')) {
        return None;
    }
    let line = &text[file + 4..];
    let after = line.trim_start_matches(|c: char| c.is_ascii_digit());
    (after.len() < line.len()).then(|| text.len() - after.trim_start_matches('.').len())
}

/// As "Received a close message (reason GENERIC) in response to an OpenSyn on: TransportLinkUnicast { ... }".
fn refusal(text: &str) -> Option<String> {
    let (before, rest) = text.split_once(CLOSED)?;
    let (reason, rest) = rest.split_once(") in response to an ")?;
    let (_, link) = rest.split_once("Syn on: ")?;
    let why = match reason {
        "GENERIC" => "user, password or certificate?",
        other => other,
    };
    Some(format!(
        "{before}the other side refused: {why}{}",
        &link[dump_len(link)..]
    ))
}

/// Up to the brace that closes the first one.
fn dump_len(text: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' if depth > 0 => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// As "[Single(tcp/a:1), Single(tcp/b:1)]!"; a group of several locators stays as it is.
fn endpoints(text: &str) -> Option<String> {
    let (before, rest) = text.split_once(ANY_OF)?;
    let end = rest.find("]!").or_else(|| rest.find("]. "))?;
    let all: Option<Vec<_>> = rest[..end]
        .split(", ")
        .map(|one| one.strip_prefix("Single(")?.strip_suffix(')'))
        .collect();
    let named = &ANY_OF[..ANY_OF.len() - 1];
    Some(format!("{before}{named}{}{}", all?.join(", "), &rest[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_without_places() {
        let error = "No listener. In use at /x/a/tcp.rs:12. at /x/b/tls.rs:3.";
        assert_eq!(without_places(error), "No listener. In use");
        assert_eq!(without_places("Cannot read at /etc/key"), "Cannot read at /etc/key");
        assert_eq!(without_places("Unable! at /y/o.rs:447. Again"), "Unable! Again");
        assert_eq!(
            without_places("No key at /etc/key at /y z/o.rs:7."),
            "No key at /etc/key"
        );
        assert_eq!(without_places("Closed at src/o.rs:7"), "Closed");
        assert_eq!(without_places("Seen at the end of x.rs:7"), "Seen at the end of x.rs:7");
        assert_eq!(without_places("At most at noon at x.rs:y"), "At most at noon at x.rs:y");
    }

    #[test]
    fn refusals_are_told_without_dumps() {
        let dump = "TransportLinkUnicast { link: Link { src: tcp/[::1]:4, mtu: 9 }, config: C { is: x } }";
        for (error, said) in [
            (
                format!("Received a close message (reason GENERIC) in response to an OpenSyn on: {dump} at /x/open.rs:527."),
                "the other side refused: user, password or certificate?",
            ),
            (
                format!("Unable to connect to tcp/a:1! Received a close message (reason MAX_SESSIONS) in response to an InitSyn on: {dump}. Retry in 1s."),
                "Unable to connect to tcp/a:1! the other side refused: MAX_SESSIONS. Retry in 1s.",
            ),
            (
                "Received a close message (reason GENERIC) in response to an OpenSyn on: cut { short".into(),
                "the other side refused: user, password or certificate?",
            ),
            ("Connection refused (os error 111)".into(), "Connection refused (os error 111)"),
        ] {
            assert_eq!(plain(&error), said);
        }
    }

    #[test]
    fn endpoints_are_told_as_they_were_written() {
        for (error, said) in [
            (
                "Unable to connect to any of [Single(tcp/[::1]:7673), Single(tls/b:1)]!  at /x/o.rs:447.",
                "Unable to connect to any of tcp/[::1]:7673, tls/b:1!",
            ),
            (
                "Unable to connect to any of [Single(tcp/a:1)]. Timeout!",
                "Unable to connect to any of tcp/a:1. Timeout!",
            ),
            (
                "Unable to connect to any of [Group { a }]!",
                "Unable to connect to any of [Group { a }]!",
            ),
        ] {
            assert_eq!(plain(error), said);
            assert!(of_open(error).starts_with(said) && of_open(error).contains("it refused: user"));
        }
        assert_eq!(of_open("No listener"), "No listener");
    }
}
