use std::io::{self, BufRead, Read, Write};

/// No message is as long.
const LONGEST_BODY: u64 = 1024 * 1024;

pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// Names in small letters.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Reads a request with a `Content-Length`; `None` when there is none any more.
pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some(first) = line(from)? else { return Ok(None) };
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    while let Some(line) = line(from)?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(Ok(0), |(_, value)| value.parse());
    let length: u64 = length.map_err(|_| io::ErrorKind::InvalidData)?;
    if length > LONGEST_BODY {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body)?;
    if body.len() as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(Request { method, path, headers, body }))
}

fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if from.take(64 * 1024).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Writes an answer; of its body no more than `shown` bytes.
pub(super) fn answer(
    to: &mut impl Write,
    status: u16,
    headers: &[(&'static str, String)],
    body: &str,
    shown: usize,
) -> io::Result<()> {
    let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
    let mut text = format!("HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\n");
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    let length = body.len().to_string();
    text.extend(["Content-Length: ", &length, "\r\n\r\n", &body[..shown.min(body.len())]]);
    to.write_all(text.as_bytes())?;
    to.flush()
}
