//! A small server for tests: it answers what it was told to, in that order, and keeps what it was asked.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// `GET /path HTTP/1.1`
    pub line: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Method and path.
    pub(crate) fn what(&self) -> &str {
        self.line.trim_end_matches(" HTTP/1.1")
    }
}

/// A server that lives as long as the test.
pub(crate) struct Served {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Served {
    /// Serves what `answer` gives for the request and the number of those before it: status with headers, and body.
    pub(crate) fn by(answer: impl Fn(&Asked, usize) -> (String, String) + Send + 'static) -> Self {
        Self::over(|stream| stream, answer)
    }

    /// The same over whatever is laid over the connection.
    pub(crate) fn over<S: Read + Write>(
        wrap: impl Fn(TcpStream) -> S + Send + 'static,
        answer: impl Fn(&Asked, usize) -> (String, String) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let kept = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(wrap(stream));
                let Some(request) = read(&mut reader) else { continue };
                let count = {
                    let mut kept = kept.lock().expect("sound");
                    kept.push(request.clone());
                    kept.len() - 1
                };
                let (head, body) = answer(&request, count);
                let text =
                    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                let _ = reader.get_mut().write_all(text.as_bytes());
                let _ = reader.get_mut().flush();
            }
        });
        Self { url, asked }
    }

    /// Everything that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("sound").clone()
    }
}

fn read<S: Read>(reader: &mut BufReader<S>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|length| *length > 0)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { line: line.trim_end().to_owned(), headers, body: String::from_utf8_lossy(&body).into_owned() })
}
