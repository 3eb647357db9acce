//! A receiver of webhooks on this machine: it writes down what comes, and answers what the test wants.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use openssl::{
    error::ErrorStack,
    pkey::PKey,
    ssl::{SslAcceptor, SslMethod},
    x509::X509,
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// A header; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The id of the message.
    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }
}

#[derive(Default)]
struct Shared {
    /// What is answered next: status and further headers; 204 when nothing is planned.
    plan: Mutex<VecDeque<(u16, String)>>,
    received: Mutex<Vec<Received>>,
    came: Condvar,
}

/// A receiver, until the test ends.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    /// Begins to listen with these keys, PEM.
    pub(crate) fn start(keys: &(Vec<u8>, Vec<u8>)) -> Result<Self, Box<dyn std::error::Error>> {
        let acceptor = Arc::new(acceptor(keys)?);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, shared) = (listener.local_addr()?, Arc::<Shared>::default());
        let for_all = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (acceptor, shared) = (Arc::clone(&acceptor), Arc::clone(&for_all));
                thread::spawn(move || serve(&acceptor, stream, &shared));
            }
        });
        Ok(Self { address, shared })
    }

    /// Where events are to be sent.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// What is answered to the next requests.
    pub(crate) fn plan(&self, answers: &[(u16, &str)]) {
        let mut plan = self.shared.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.extend(answers.iter().map(|(status, headers)| (*status, (*headers).to_owned())));
    }

    /// What has come so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so many requests have come, and gives back all.
    pub(crate) fn wait_for(&self, count: usize) -> Result<Vec<Received>, Box<dyn std::error::Error>> {
        let deadline = Instant::now() + PATIENCE;
        let mut received = self.shared.received.lock().unwrap_or_else(PoisonError::into_inner);
        while received.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("{} requests instead of {count} came", received.len()).into());
            }
            let waited = self.shared.came.wait_timeout(received, left);
            received = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(received.clone())
    }
}

/// A server's end of TLS connections, with these keys.
pub(crate) fn acceptor((certificate, key): &(Vec<u8>, Vec<u8>)) -> Result<SslAcceptor, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    let key = PKey::private_key_from_pem(key)?;
    let certificate = X509::from_pem(certificate)?;
    builder.set_certificate(&certificate)?;
    builder.set_private_key(&key)?;
    Ok(builder.build())
}

/// Answers the requests of one connection, until it ends.
fn serve(acceptor: &SslAcceptor, stream: TcpStream, shared: &Shared) {
    let Ok(stream) = acceptor.accept(stream) else { return };
    let mut reader = BufReader::new(stream);
    while let Some(received) = read(&mut reader) {
        let planned = shared.plan.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let (status, headers) = planned.unwrap_or((204, String::new()));
        shared.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
        shared.came.notify_all();
        let length = if status == 204 { "" } else { "Content-Length: 0\r\n" };
        let answer = format!("HTTP/1.1 {status} X\r\n{length}{headers}\r\n");
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads one request.
pub(crate) fn read(reader: &mut impl BufRead) -> Option<Received> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).ok()?;
    Some(Received { method, path, headers, body })
}
