//! What Zenoh finds wrong only as it connects, and then calls an endpoint that does not answer.

use std::fs::File;
use std::io::{ErrorKind, Read};

use serde_json::Value;

use crate::place::Problem;

/// What this driver is built with.
const PROTOCOLS: [&str; 3] = ["tcp", "tls", "unixsock-stream"];
const FILE_MAX: u64 = 1 << 20;

/// Files that the configuration names, and what must stand in them.
const FILES: [(&[&str], &str); 6] = [
    (&["transport", "link", "tls", "root_ca_certificate"], "CERTIFICATE"),
    (&["transport", "link", "tls", "listen_certificate"], "CERTIFICATE"),
    (&["transport", "link", "tls", "listen_private_key"], "PRIVATE KEY"),
    (&["transport", "link", "tls", "connect_certificate"], "CERTIFICATE"),
    (&["transport", "link", "tls", "connect_private_key"], "PRIVATE KEY"),
    (&["transport", "auth", "usrpwd", "dictionary_file"], ""),
];

/// Each has a protocol that there is and, where that needs one, a port.
pub fn endpoints(merged: &Value) -> Result<(), Problem> {
    ["connect", "listen"].iter().try_for_each(|key| {
        let mut path = vec![key.to_string(), "endpoints".to_owned()];
        check_all(&merged[*key]["endpoints"], &mut path)
    })
}

/// In lists, in lists by mode, and where several locators are of one: {strategy: "allOf", locators: [...]}.
fn check_all(value: &Value, path: &mut Vec<String>) -> Result<(), Problem> {
    let inner: Vec<(String, &Value)> = match value {
        Value::String(endpoint) => return check_endpoint(endpoint, path),
        Value::Array(list) => list.iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect(),
        Value::Object(map) => {
            let lists = map.iter().filter(|(key, _)| *key != "strategy");
            lists.map(|(key, one)| (key.clone(), one)).collect()
        }
        _ => Vec::new(),
    };
    for (step, one) in inner {
        path.push(step);
        check_all(one, path)?;
        path.pop();
    }
    Ok(())
}

fn check_endpoint(endpoint: &str, path: &[String]) -> Result<(), Problem> {
    let (protocol, rest) = endpoint.split_once('/').unwrap_or((endpoint, ""));
    let address = rest.split(['?', '#']).next().unwrap_or(rest);
    let why = if !PROTOCOLS.contains(&protocol) {
        format!("there is no protocol {protocol}; there are: {}", PROTOCOLS.join(", "))
    } else if protocol != "unixsock-stream" && !has_port(address) {
        format!("an address is HOST:PORT, as in {protocol}/127.0.0.1:7447")
    } else {
        return Ok(());
    };
    Err(Problem {
        path: path.to_vec(),
        text: format!("{}/endpoints: {endpoint}: {why}", path[0]),
    })
}

fn has_port(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// They can be read, and are what they should be.
pub fn files(merged: &Value) -> Result<(), Problem> {
    for (path, holds) in FILES {
        let value = path.iter().fold(merged, |value, step| &value[*step]);
        let Some(file) = value.as_str() else { continue };
        let why = match read(file) {
            Err(error) if error.kind() == ErrorKind::NotFound && !file.starts_with('/') => {
                format!("{error}; it counts from the folder the program is started in")
            }
            Err(error) => error.to_string(),
            Ok(body) if !holds.is_empty() && !is_pem(&body, holds) => format!("there is no {holds} in it (PEM)"),
            Ok(_) => continue,
        };
        return Err(Problem::new(path, format!("{}: {file}: {why}", path.join("/"))));
    }
    Ok(())
}

fn read(file: &str) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    File::open(file)?.take(FILE_MAX).read_to_end(&mut body)?;
    Ok(body)
}

/// As in "-----BEGIN EC PRIVATE KEY-----".
fn is_pem(body: &[u8], holds: &str) -> bool {
    let body = String::from_utf8_lossy(body);
    body.lines()
        .any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(&format!("{holds}-----")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problem(result: Result<(), Problem>) -> String {
        match result {
            Ok(()) => panic!("accepted"),
            Err(problem) => format!("{}: {}", problem.path.join("/"), problem.text),
        }
    }

    #[test]
    fn endpoints_need_a_protocol_that_there_is_and_a_port() {
        for (bad, why) in [
            ("udp/127.0.0.1:1", "there is no protocol udp; there are: tcp"),
            ("tcp/127.0.0.1", "an address is HOST:PORT, as in tcp/127.0.0.1:7447"),
            ("tls/host:99999?x=1#y=2", "an address is HOST:PORT, as in tls/"),
            ("tcp/:7447", "HOST:PORT"),
        ] {
            let text = problem(endpoints(&json!({"connect": {"endpoints": ["tcp/a:1", bad]}})));
            assert!(
                text.starts_with(&format!("connect/endpoints/1: connect/endpoints: {bad}: ")),
                "{text}"
            );
            assert!(text.contains(why), "{text}");
            let text = problem(endpoints(&json!({"listen": {"endpoints": {"router": [[bad]]}}})));
            assert!(text.starts_with("listen/endpoints/router/0/0: "), "{text}");
        }
        let good = [
            "tcp/[::1]:0",
            "tls/h:1#iface=eth0",
            "unixsock-stream//tmp/x",
            "tcp/a:65535?rel=1",
        ];
        assert!(endpoints(&json!({"connect": {"endpoints": good}})).is_ok());
        assert!(endpoints(&json!({})).is_ok());
        let of_one = |locator: &str| json!({"connect": {"endpoints": [{"strategy": "allOf", "locators": ["tcp/a:1", locator]}]}});
        assert!(endpoints(&of_one("tcp/b:1")).is_ok());
        let text = problem(endpoints(&of_one("ws/b:1")));
        assert!(
            text.starts_with("connect/endpoints/0/locators/1: connect/endpoints: ws/b:1"),
            "{text}"
        );
    }

    #[test]
    fn files_are_there_and_hold_what_they_should() {
        let file = std::env::temp_dir().join(format!("edacious-check-{}.pem", std::process::id()));
        let name = file.to_str().expect("UTF-8");
        let tls = |key: &str| json!({"transport": {"link": {"tls": {key: name}}}});
        for key in ["root_ca_certificate", "listen_certificate", "connect_certificate"] {
            let _ = std::fs::remove_file(&file);
            let text = problem(files(&tls(key)));
            assert!(text.contains(&format!("tls/{key}: {name}: No such file")), "{text}");
            std::fs::write(&file, "-----BEGIN EC PRIVATE KEY-----\n").expect("a file");
            let text = problem(files(&tls(key)));
            assert!(text.contains(": there is no CERTIFICATE in it (PEM)"), "{text}");
            assert!(files(&tls("connect_private_key")).is_ok());
            std::fs::write(&file, "of ours\n-----BEGIN CERTIFICATE-----\r\n").expect("a file");
            assert!(files(&tls(key)).is_ok());
            assert!(problem(files(&tls("listen_private_key"))).contains("no PRIVATE KEY in it"));
        }
        std::fs::remove_file(&file).expect("removed");
        let text = problem(files(
            &json!({"transport": {"auth": {"usrpwd": {"dictionary_file": "no-such"}}}}),
        ));
        assert!(
            text.ends_with("; it counts from the folder the program is started in"),
            "{text}"
        );
    }
}
