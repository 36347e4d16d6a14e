//! The configuration: safe defaults, and the user's JSON5 merged over them.

use std::fs::File;
use std::io::Read;

use serde_json::{json, Map, Value};
use serde_path_to_error::Segment;
use zenoh::Config;

use crate::place::{self, Problem};
use crate::{check, syntax};

/// Our own section, taken out before Zenoh sees the rest.
const SECTION: &str = "edacious";
const FILE_MAX: u64 = 1 << 20;

/// How long a put waits for one connection that takes nothing more, before that is closed; microseconds. Whoever else has
/// something for that connection waits in line, each for as long, and carries nothing for the others meanwhile: in a router
/// up to four threads, which is all that read. Together they must wait for less than silence is borne (EDAI_SUSPECT_MS and
/// EDAI_DEAD_MS). A client waits for longer than its router does, so that it does not give up one that waits for another.
fn patience(user: &Value) -> u32 {
    match user["mode"].as_str() {
        Some("router") => 500_000,
        Some("client") => 2_000_000,
        _ => 1_000_000,
    }
}

/// What holds unless the user says otherwise.
fn defaults(user: &Value) -> Value {
    json!({
        "mode": "peer",
        "scouting": {
            // Router mode always sleeps this long in open.
            "delay": 50,
            "multicast": {"enabled": false},
            // Two peers that dial one another may end up split.
            "gossip": {"enabled": true, "autoconnect_strategy": {"peer": {"to_router": "always", "to_peer": "greater-zid"}}},
        },
        "transport": {
            "unicast": {"open_timeout": 2000},
            "link": {
                "tx": {
                    "lease": 3000,
                    "queue": {
                        // The most that Zenoh allows, 1 MiB: what nodes say to one that vanished until they know.
                        "size": {"data": 16},
                        "congestion_control": {"block": {"wait_before_close": patience(user)}},
                    },
                },
                // With more than one buffer the fragments of a large message need no fresh memory.
                "rx": {"max_message_size": 64 << 20, "buffer_size": 2 << 20},
            },
        },
        "adminspace": {"enabled": false},
    })
}

/// Reads and merges; the error is a sentence that names the key, and of a file its name, line and column.
pub fn load(user: Option<&str>) -> Result<Config, String> {
    let Some(text) = user else {
        return merged_with(Value::Object(Map::new())).map_err(|problem| problem.text);
    };
    let source = Source::read(text)?;
    merged_with(source.parse()?).map_err(|problem| source.say(&problem))
}

fn merged_with(mut user: Value) -> Result<Config, Problem> {
    let may_be_plain = take_section(&mut user)?;
    let mut merged = defaults(&user);
    merge(&mut merged, user);
    fill_listen(&mut merged)?;
    if !may_be_plain {
        check_listen(&merged)?;
    }
    let config = into_config(&merged)?;
    check::endpoints(&merged)?;
    check::files(&merged)?;
    Ok(config)
}

const ENDPOINTS: &str = "connect/endpoints";

/// The same, for a session that takes over from a sick one, which may still hold the port: it is tried for again and again.
/// Each attempt begins to dial at another endpoint, since there may be time for no more than the first few of them.
pub fn for_replacement(config: &Config, attempt: usize) -> Config {
    let mut config = config.clone();
    let endpoints = rotated(&config.get_json(ENDPOINTS).unwrap_or_default(), attempt);
    for (key, value) in [
        ("listen/exit_on_failure", "false"),
        ("listen/timeout_ms", "-1"),
        (ENDPOINTS, &endpoints),
    ] {
        if let Err(error) = config.insert_json5(key, value) {
            tracing::warn!("{key}: {error}");
        }
    }
    config
}

/// A list, or one for each mode, that begins with another element.
fn rotated(lists: &str, by: usize) -> String {
    fn rotate(list: &mut Value, by: usize) {
        match list {
            Value::Array(list) => {
                let by = by % list.len().max(1);
                list.rotate_left(by);
            }
            Value::Object(by_mode) => by_mode.values_mut().for_each(|list| rotate(list, by)),
            _ => {}
        }
    }
    let mut lists: Value = serde_json::from_str(lists).unwrap_or_else(|_| json!([]));
    rotate(&mut lists, by);
    lists.to_string()
}

/// The user's text, and the file it is from.
struct Source {
    file: Option<String>,
    body: String,
}

impl Source {
    fn read(text: &str) -> Result<Source, String> {
        if text.trim_start().starts_with('{') {
            let body = text.to_owned();
            return Ok(Source { file: None, body });
        }
        let mut bytes = Vec::new();
        // One more than is allowed, and of whatever it is: a device tells no size, and has no end.
        File::open(text)
            .and_then(|file| file.take(FILE_MAX + 1).read_to_end(&mut bytes))
            .map_err(|e| format!("{text}: {e}"))?;
        if bytes.len() as u64 > FILE_MAX {
            return Err(format!("{text}: a configuration has at most {FILE_MAX} bytes"));
        }
        let body = String::from_utf8(bytes).map_err(|e| format!("{text}: {e}"))?;
        let file = Some(text.to_owned());
        Ok(Source { file, body })
    }

    fn name(&self) -> &str {
        self.file.as_deref().unwrap_or("the configuration")
    }

    fn parse(&self) -> Result<Value, String> {
        let name = self.name();
        if let Some((line, column, why)) = syntax::too_deep(&self.body) {
            return Err(format!("{name}, line {line}, column {column}: {why}"));
        }
        match json5::from_str::<Value>(&self.body) {
            Ok(value) if value.is_object() => Ok(value),
            Ok(_) => Err(format!("{name} must be an object, {{...}}")),
            Err(error) => Err(match syntax::problem(&self.body) {
                Some((line, column, why)) => format!("{name}, line {line}, column {column}: is no JSON5: {why}"),
                None => format!("{name} is no JSON5: {}", one_line(&error.to_string())),
            }),
        }
    }

    /// A text has no name and, most often, one line: then the key must do.
    fn say(&self, problem: &Problem) -> String {
        let Some(file) = &self.file else {
            return problem.text.clone();
        };
        match place::of(&self.body, &problem.path) {
            Some((line, column)) => format!("{file}, line {line}, column {column}: {}", problem.text),
            None => format!("{file}: {}", problem.text),
        }
    }
}

/// Takes `edacious: {allow_plaintext}` out; returns whether plain text may be listened to beyond this machine.
fn take_section(user: &mut Value) -> Result<bool, Problem> {
    let Some(section) = user.as_object_mut().and_then(|user| user.remove(SECTION)) else {
        return Ok(false);
    };
    let Value::Object(section) = section else {
        let text = format!("{SECTION} must be an object: {SECTION}: {{allow_plaintext: true}}");
        return Err(Problem::new(&[SECTION], text));
    };
    let mut may_be_plain = false;
    for (key, value) in section {
        let text = match (key.as_str(), value) {
            ("allow_plaintext", Value::Bool(is)) => {
                may_be_plain = is;
                continue;
            }
            ("allow_plaintext", _) => format!("{SECTION}/allow_plaintext must be true or false"),
            _ => format!("{SECTION}/{key}: there is no such key; there is: allow_plaintext"),
        };
        return Err(Problem::new(&[SECTION, &key], text));
    }
    Ok(may_be_plain)
}

/// Objects are merged, anything else is replaced.
fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// Where the user names nothing, this machine alone is listened to; Zenoh's own default is every address it has.
fn fill_listen(merged: &mut Value) -> Result<(), Problem> {
    let mode = mode(merged)?.to_owned();
    let default = match mode.as_str() {
        "peer" => json!(["tcp/127.0.0.1:0"]),
        "router" => json!(["tcp/127.0.0.1:7447"]),
        _ => json!([]),
    };
    let listen = merged
        .as_object_mut()
        .expect("an object")
        .entry("listen")
        .or_insert_with(|| json!({}));
    let Value::Object(listen) = listen else {
        let text = "listen must be an object: listen: {endpoints: [\"tls/0.0.0.0:7447\"]}";
        return Err(Problem::new(&["listen"], text));
    };
    match listen.entry("endpoints").or_insert(Value::Null) {
        Value::Object(by_mode) => {
            by_mode.entry(mode).or_insert(default);
        }
        endpoints if endpoints.is_null() => *endpoints = default,
        _ => {}
    }
    Ok(())
}

fn mode(merged: &Value) -> Result<&str, Problem> {
    match merged["mode"].as_str() {
        Some(mode @ ("peer" | "client" | "router")) => Ok(mode),
        _ => {
            let text = format!(
                "mode is {}; there are: \"peer\", \"client\", \"router\"",
                merged["mode"]
            );
            Err(Problem::new(&["mode"], text))
        }
    }
}

/// Refuses to let the whole network in without TLS.
fn check_listen(merged: &Value) -> Result<(), Problem> {
    let endpoints = match &merged["listen"]["endpoints"] {
        Value::Object(by_mode) => &by_mode[mode(merged)?],
        endpoints => endpoints,
    };
    let all = endpoints
        .as_array()
        .map_or(std::slice::from_ref(endpoints), Vec::as_slice);
    for endpoint in all.iter().filter_map(Value::as_str) {
        if is_open_to_all(endpoint) {
            let text = format!(
                "listen/endpoints: {endpoint} lets anybody in who reaches it, unencrypted. Listen with tls/..., on 127.0.0.1, \
                 or say edacious: {{allow_plaintext: true}}"
            );
            return Err(Problem::new(&["listen", "endpoints"], text));
        }
    }
    Ok(())
}

fn is_open_to_all(endpoint: &str) -> bool {
    let Some((protocol, rest)) = endpoint.split_once('/') else {
        return false; // no endpoint: Zenoh says so
    };
    if matches!(protocol, "tls" | "quic" | "unixsock-stream" | "unixpipe") {
        return false;
    }
    let address = rest.split(['?', '#']).next().unwrap_or(rest);
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<std::net::IpAddr>() {
        Ok(ip) => !ip.is_loopback(),
        Err(_) => host != "localhost",
    }
}

/// Zenoh's own check; twice, since only the first names the path and only the second looks at values together.
fn into_config(merged: &Value) -> Result<Config, Problem> {
    if let Err(error) = serde_path_to_error::deserialize::<_, Config>(merged) {
        let path = error.path().to_string().replace('.', "/");
        let steps = error.path().iter().filter_map(|step| match step {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        return Err(Problem {
            path: steps.collect(),
            text: format!("{path}: {}", one_line(&error.inner().to_string())),
        });
    }
    Config::from_json5(&merged.to_string())
        .map_err(|e| Problem::new(&[], format!("the configuration: {}", one_line(&e.to_string()))))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(user: &str, key: &str) -> String {
        load(Some(user)).expect(user).get_json(key).expect(key)
    }

    fn problem(user: &str) -> String {
        match load(Some(user)) {
            Ok(_) => panic!("accepted: {user}"),
            Err(text) => text,
        }
    }

    #[test]
    fn defaults_are_safe() {
        let config = load(None).expect("defaults");
        for (key, value) in [
            ("mode", "\"peer\""),
            ("listen/endpoints", "[\"tcp/127.0.0.1:0\"]"),
            ("scouting/multicast/enabled", "false"),
            ("scouting/delay", "50"),
            ("transport/link/tx/lease", "3000"),
            ("transport/unicast/open_timeout", "2000"),
            ("transport/link/rx/max_message_size", "67108864"),
            ("adminspace/enabled", "false"),
        ] {
            assert_eq!(config.get_json(key).expect(key), value, "{key}");
        }
    }

    #[test]
    fn users_values_win_and_leave_the_rest() {
        let user = "{scouting: {multicast: {enabled: true}}, /* JSON5 */ transport: {link: {tx: {lease: 500}}}}";
        assert_eq!(get(user, "scouting/multicast/enabled"), "true");
        assert_eq!(get(user, "transport/link/tx/lease"), "500");
        assert_eq!(get(user, "scouting/delay"), "50");
    }

    #[test]
    fn a_client_waits_for_longer_than_its_router() {
        let key = "transport/link/tx/queue/congestion_control/block/wait_before_close";
        assert_eq!(get("{mode: 'client'}", key), "2000000");
        assert_eq!(get("{mode: 'router'}", key), "500000");
        assert_eq!(get("{}", key), "1000000");
    }

    #[test]
    fn listen_depends_on_mode() {
        assert_eq!(get("{mode: 'router'}", "listen/endpoints"), "[\"tcp/127.0.0.1:7447\"]");
        assert_eq!(get("{mode: 'client'}", "listen/endpoints"), "[]");
        let by_mode = "{mode: 'peer', listen: {endpoints: {router: ['tls/0.0.0.0:1']}}}";
        assert!(get(by_mode, "listen/endpoints").contains("tcp/127.0.0.1:0"));
    }

    #[test]
    fn plaintext_beyond_loopback_is_refused() {
        for bad in [
            "tcp/0.0.0.0:7447",
            "tcp/[::]:0",
            "tcp/10.0.0.1:1#iface=eth0",
            "tcp/host:1",
            "udp/192.168.1.1:1",
        ] {
            let text = problem(&format!("{{listen: {{endpoints: ['{bad}']}}}}"));
            assert!(text.contains(bad) && text.contains("allow_plaintext"), "{text}");
            assert!(is_open_to_all(bad));
        }
        for good in [
            "tcp/127.0.0.1:0",
            "tcp/[::1]:0",
            "tcp/localhost:7447",
            "unixsock-stream//tmp/x",
            "tls/0.0.0.0:7447",
        ] {
            assert!(
                load(Some(&format!("{{listen: {{endpoints: ['{good}']}}}}"))).is_ok(),
                "{good}"
            );
        }
        problem("{mode: 'peer', listen: {endpoints: {peer: ['tcp/0.0.0.0:0']}}}");
        assert!(load(Some(
            "{listen: {endpoints: ['tcp/0.0.0.0:0']}, edacious: {allow_plaintext: true}}"
        ))
        .is_ok());
    }

    #[test]
    fn several_locators_of_one_endpoint_are_taken() {
        let user = "{mode: 'client', connect: {endpoints: [{strategy: 'allOf', locators: ['tcp/127.0.0.1:1']}]}}";
        assert!(get(user, "connect/endpoints").contains("tcp/127.0.0.1:1"));
    }

    #[test]
    fn errors_name_the_key() {
        for (user, word) in [
            ("{scoutin: {}}", "scoutin"),
            ("{transport: {link: {tx: {lease: 'long'}}}}", "transport/link/tx/lease"),
            ("{transport: {link: {tx: {leas: 1}}}}", "leas"),
            ("{mode: 'gossip'}", "mode"),
            ("{edacious: {allow: true}}", "edacious/allow"),
            ("{edacious: {allow_plaintext: 1}}", "edacious/allow_plaintext"),
            ("{listen: []}", "listen"),
            ("{mode: ", "JSON5"),
            (&"{a:".repeat(100_000), "more than 128 brackets within one another"),
            ("/dev/zero", "/dev/zero: a configuration has at most"),
            ("/no/such/file.json5", "/no/such/file.json5"),
            (
                "{connect: {endpoints: ['udp/127.0.0.1:1']}}",
                "connect/endpoints: udp/127.0.0.1:1",
            ),
            (
                "{transport: {auth: {usrpwd: {dictionary_file: '/no/such'}}}}",
                "usrpwd/dictionary_file: /no/such",
            ),
        ] {
            let text = problem(user);
            assert!(text.contains(word), "{user}: {text}");
        }
    }

    #[test]
    fn errors_of_a_file_name_it_with_line_and_column() {
        let file = std::env::temp_dir().join(format!("edacious-config-{}.json5", std::process::id()));
        let name = file.to_str().expect("UTF-8");
        for (body, says) in [
            (
                "{\n  mode: 'client',\n  scoutin: {}}",
                ", line 3, column 3: scoutin: unknown field",
            ),
            (
                "{connect: {\n  endpoint: []}}",
                ", line 2, column 3: connect/endpoint: unknown field",
            ),
            (
                "{connect: {\n  endpoints: ['tcp/a:1', 'x']}}",
                ", line 2, column 26: connect/endpoints[1]",
            ),
            (
                "{connect: {\n  endpoints: ['tcp/a:1',\n'ws/a:1']}}",
                ", line 3, column 1: connect/endpoints: ws/a:1",
            ),
            ("{\n\n  mode: 'gossip'}", ", line 3, column 3: mode is \"gossip\""),
            (
                "{mode: 'peer',\n mode: 'gossip'}",
                ", line 2, column 2: mode is \"gossip\"",
            ),
            ("{edacious: {\nallow: true}}", ", line 2, column 1: edacious/allow"),
            ("{\n listen: []}", ", line 2, column 2: listen must be"),
            (
                "{\n listen: {endpoints: ['tcp/0.0.0.0:1']}}",
                ", line 2, column 11: listen/endpoints: tcp/0.0.0.0:1",
            ),
            (
                "{\n mode 'peer'}",
                ", line 2, column 7: is no JSON5: a colon is expected",
            ),
            ("[]", " must be an object"),
            (&"[".repeat(100_000), ", line 1, column 129: more than 128 brackets"),
            (
                &" ".repeat(FILE_MAX as usize + 1),
                ": a configuration has at most 1048576 bytes",
            ),
            // The first byte that is not read would end a character.
            (
                &"é".repeat(FILE_MAX as usize / 2 + 1),
                ": a configuration has at most 1048576 bytes",
            ),
        ] {
            std::fs::write(&file, body).expect("a file");
            let text = problem(name);
            assert!(text.starts_with(&format!("{name}{says}")), "{body}: {text}");
        }
        std::fs::remove_file(&file).expect("removed");
    }

    #[test]
    fn a_replacement_waits_for_its_port() {
        let config = for_replacement(&load(None).expect("defaults"), 1);
        assert_eq!(config.get_json("listen/exit_on_failure").expect("set"), "false");
    }

    #[test]
    fn each_replacement_begins_at_another_endpoint() {
        let dialled = |endpoints: &str, attempt| {
            let user = format!("{{mode: 'client', connect: {{endpoints: {endpoints}}}}}");
            let config = for_replacement(&load(Some(&user)).expect(&user), attempt);
            config.get_json(ENDPOINTS).expect(ENDPOINTS)
        };
        let all = "['tcp/a:1', 'tcp/b:1', 'tcp/c:1']";
        for (attempt, order) in [
            (0, r#"["tcp/a:1","tcp/b:1","tcp/c:1"]"#),
            (1, r#"["tcp/b:1","tcp/c:1","tcp/a:1"]"#),
            (2, r#"["tcp/c:1","tcp/a:1","tcp/b:1"]"#),
            (3, r#"["tcp/a:1","tcp/b:1","tcp/c:1"]"#),
        ] {
            assert_eq!(dialled(all, attempt), order);
        }
        assert!(dialled(&format!("{{client: {all}}}"), 2).contains(r#"["tcp/c:1","tcp/a:1","tcp/b:1"]"#));
        let group = dialled("['tcp/a:1', {strategy: 'allOf', locators: ['tcp/b:1', 'tcp/c:1']}]", 1);
        assert!(group.starts_with("[{") && group.ends_with(r#""tcp/a:1"]"#), "{group}");
        assert!(group.contains(r#"["tcp/b:1","tcp/c:1"]"#), "{group}");
        assert_eq!(
            for_replacement(&load(None).expect("defaults"), 1)
                .get_json(ENDPOINTS)
                .expect("set"),
            "[]"
        );
    }
}
