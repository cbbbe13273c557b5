//! `sandbox serve`: all roles in one process.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::state::{self, Running};
use super::{CliError, print};
use crate::aws::client::Client;
use crate::aws::seed::SecretFields;
use crate::aws::table::Table;
use crate::gateway::keys::{AUDIENCE, ISSUER, SigningKey};
use crate::gateway::sam::{Api, MAX_INTEGRATION_TIMEOUT};
use crate::journey::{Places, TablePlace};
use crate::net::Http;
use crate::template::Template;
use crate::{aws, gateway, iamport, storefront, stream};

/// The table's name unless told otherwise.
pub(super) const DEFAULT_TABLE: &str = "billing";
/// Every role has to answer within this time after its start.
const START: Duration = Duration::from_secs(15);
/// Running requests may finish within this time after the stop.
const STOP: Duration = Duration::from_secs(5);
/// Pause between looks at a role that does not answer yet.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The SAM template: routes, authorizers, scopes, table
    #[arg(long, default_value = "template.yaml")]
    template: PathBuf,
    /// A value for a parameter of the template, KEY=VALUE; may be repeated
    #[arg(long = "parameter", value_parser = parse_parameter)]
    parameters: Vec<(String, String)>,
    /// Where the token key, the clock's offset and sandbox.json are kept
    #[arg(long, default_value = state::DEFAULT_STATE)]
    state: PathBuf,
    /// Where payments, table and secret are kept over restarts; in memory if not given
    #[arg(long)]
    data: Option<PathBuf>,
    /// The address to listen on; loopback only
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// The API gateway's port
    #[arg(long, env = "GATEWAY_PORT", default_value_t = 3000)]
    gateway_port: u16,
    /// The Iamport simulator's port
    #[arg(long, env = "IAMPORT_SIM_PORT", default_value_t = 8010)]
    iamport_port: u16,
    /// The port of DynamoDB and Secrets Manager
    #[arg(long, env = "AWS_SIM_PORT", default_value_t = 8000)]
    aws_port: u16,
    /// The demo storefront's port
    #[arg(long, env = "STOREFRONT_PORT", default_value_t = 3100)]
    storefront_port: u16,
    /// Where the functions run: `cargo lambda watch`
    #[arg(long, default_value = "http://127.0.0.1:9000")]
    lambda_url: String,
    /// Do not run the Iamport simulator: another server is used
    #[arg(long)]
    no_iamport: bool,
    /// That other server: named in sandbox.json. Without --no-iamport it has no effect
    #[arg(long, env = "IAMPORT_BASE_URL")]
    iamport_url: Option<String>,
    /// Do not run DynamoDB and Secrets Manager: another emulator is used
    #[arg(long, requires = "aws_url")]
    no_aws: bool,
    /// That other emulator; table and secret are created there if absent
    #[arg(long, requires = "no_aws")]
    aws_url: Option<String>,
    /// The table's name
    #[arg(long, default_value = DEFAULT_TABLE)]
    table: String,
    /// The secret's name
    #[arg(long, default_value = "iamport-billing/iamport")]
    secret_name: String,
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// The ports, bound before anything else happens: a port in use is found before the first file is written.
struct Listeners {
    gateway: TcpListener,
    iamport: Option<TcpListener>,
    aws: Option<TcpListener>,
    storefront: TcpListener,
}

/// The roles as they run.
struct Roles {
    tasks: JoinSet<Result<(), CliError>>,
    stop: watch::Sender<bool>,
}

impl Roles {
    /// A future that resolves when the roles have to stop.
    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move {
            // An error means that the sender is gone, which is a stop as well.
            stop.wait_for(|stop| *stop).await.ok();
        }
    }

    /// The end of a role that nobody told to stop.
    async fn failed(&mut self) -> CliError {
        match self.tasks.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Ok(Ok(()))) => CliError::Failed("a role ended by itself".to_owned()),
            Some(Err(error)) => CliError::Failed(format!("a role broke: {error}")),
            // No role runs yet, so none can fail.
            None => std::future::pending().await,
        }
    }
}

pub(super) async fn run(args: Args) -> Result<(), CliError> {
    start_log();
    if !args.bind.is_loopback() {
        return Err(CliError::Usage(format!(
            "--bind {}: only loopback addresses; the sandbox has no TLS and publishes its secrets",
            args.bind
        )));
    }
    let (api, table) = read_template(&args)?;
    let listeners = bind(&args).await?;
    // Before the roles start, so that a signal during the start is not lost.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CliError::io("signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CliError::io("signals"))?;
    let mut roles = Roles { tasks: JoinSet::new(), stop: watch::Sender::new(false) };
    Running::remove(&args.state);
    let lifetime = async {
        let running = start(&args, api, table, listeners, &mut roles).await?;
        running.write(&args.state)?;
        print(&format!(
            "sandbox ready storefront={} gateway={} iamport={} aws={}",
            running.storefront_url, running.gateway_url, running.iamport_url, running.aws_url
        ))?;
        Err(roles.failed().await)
    };
    let outcome = tokio::select! {
        failure = lifetime => failure,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    Running::remove(&args.state);
    roles.stop.send_replace(true);
    let drain = async { while roles.tasks.join_next().await.is_some() {} };
    tokio::time::timeout(STOP, drain).await.ok();
    outcome
}

fn start_log() {
    use tracing_subscriber::EnvFilter;
    // The engine warns about every refused condition, and refused conditions are what conditional writes are for.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,dynoxide=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).try_init().ok();
}

fn read_template(args: &Args) -> Result<(Api, Table), CliError> {
    let failed = |source| CliError::Template { path: args.template.display().to_string(), source };
    let parameters: BTreeMap<String, String> = args.parameters.iter().cloned().collect();
    let template = Template::load(&args.template, parameters).map_err(failed)?;
    let api = Api::from_template(&template).map_err(failed)?;
    let table = Table::from_template(&template, &args.table).map_err(failed)?;
    Ok((api, table))
}

async fn bind(args: &Args) -> Result<Listeners, CliError> {
    let gateway = listen(args.bind, args.gateway_port, "GATEWAY_PORT").await?;
    let iamport = match args.no_iamport {
        true => None,
        false => Some(listen(args.bind, args.iamport_port, "IAMPORT_SIM_PORT").await?),
    };
    let aws = match args.no_aws {
        true => None,
        false => Some(listen(args.bind, args.aws_port, "AWS_SIM_PORT").await?),
    };
    let storefront = listen(args.bind, args.storefront_port, "STOREFRONT_PORT").await?;
    Ok(Listeners { gateway, iamport, aws, storefront })
}

async fn listen(ip: IpAddr, port: u16, variable: &'static str) -> Result<TcpListener, CliError> {
    let address = SocketAddr::new(ip, port);
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => CliError::PortInUse { port, variable },
        _ => CliError::Listen { address, variable, source },
    })
}

/// Starts the roles in the order in which they need each other, and returns once all of them answer.
async fn start(
    args: &Args,
    api: Api,
    table: Table,
    listeners: Listeners,
    roles: &mut Roles,
) -> Result<Running, CliError> {
    std::fs::create_dir_all(&args.state).map_err(CliError::io(args.state.display().to_string()))?;
    let key = SigningKey::load_or_create(&args.state)?;
    let kept_in = args.data.as_ref().unwrap_or(&args.state);
    let seed = SecretFields::load_or_create(kept_in).map_err(CliError::io(kept_in.display().to_string()))?;

    let aws_port = port(listeners.aws.as_ref())?;
    let aws_url = match (&args.aws_url, aws_port) {
        (_, Some(port)) => base_url(args.bind, port),
        (Some(url), None) => url.trim_end_matches('/').to_owned(),
        (None, None) => return Err(CliError::Usage("--no-aws needs --aws-url".to_owned())),
    };
    if let Some(listener) = listeners.aws {
        let stopped = roles.stopped();
        let options = aws::Options { data: args.data.clone() };
        roles.tasks.spawn(async move { aws::serve(listener, options, stopped).await.map_err(CliError::from) });
    }
    let secret = {
        let provision = provision(&aws_url, &table, &args.secret_name, &seed);
        tokio::select! {
            secret = provision => secret?,
            failure = roles.failed() => return Err(failure),
        }
    };
    let webhook_token = secret.webhook_tokens.first().ok_or_else(|| CliError::Secret {
        name: args.secret_name.clone(),
        why: "webhook_tokens is empty".to_owned(),
    })?;

    // Another emulator's stream is another's business, and so is who reads it.
    if aws_port.is_some() {
        let options = stream::Options {
            aws_url: aws_url.clone(),
            table: args.table.clone(),
            lambda_url: args.lambda_url.clone(),
        };
        let stopped = roles.stopped();
        roles.tasks.spawn(async move {
            tokio::select! {
                read = stream::run(options) => match read {
                    // Nothing to read: everything else goes on.
                    Ok(()) => std::future::pending().await,
                    Err(source) => Err(CliError::Failed(format!("the table's stream: {source}"))),
                },
                () = stopped => Ok(()),
            }
        });
    }

    let gateway_port = port(Some(&listeners.gateway))?.unwrap_or_default();
    let gateway_url = base_url(args.bind, gateway_port);
    let webhook_url = format!("{gateway_url}/webhooks/iamport/{webhook_token}");
    let iamport_port = port(listeners.iamport.as_ref())?;
    let iamport_url = match (&args.iamport_url, iamport_port) {
        (_, Some(port)) => base_url(args.bind, port),
        (Some(url), None) => url.trim_end_matches('/').to_owned(),
        (None, None) => String::new(),
    };
    // The functions read the simulator's clock there; without it, time is everybody's, whatever an earlier run left.
    let clock_file = args.state.join("clock-offset");
    if args.no_iamport {
        std::fs::remove_file(&clock_file).ok();
    }
    let storefront_port = port(Some(&listeners.storefront))?.unwrap_or_default();
    let storefront_url = base_url(args.bind, storefront_port);
    let mut probes = vec![format!("{gateway_url}/"), format!("{aws_url}/"), format!("{storefront_url}/")];
    let options = storefront::Options {
        key: key.clone(),
        gateway_url: gateway_url.clone(),
        iamport_url: iamport_url.clone(),
        clock_file: Some(clock_file.clone()),
        clock: (!args.no_iamport).then(|| Places {
            iamport_url: iamport_url.clone(),
            lambda_url: Some(args.lambda_url.clone()),
            table: Some(TablePlace { aws_url: aws_url.clone(), name: args.table.clone() }),
        }),
    };
    let stopped = roles.stopped();
    let listener = listeners.storefront;
    roles.tasks.spawn(async move { storefront::serve(listener, options, stopped).await.map_err(CliError::from) });
    if let Some(listener) = listeners.iamport {
        probes.push(format!("{iamport_url}/_sim/health"));
        let stopped = roles.stopped();
        let options = iamport::Options {
            imp_key: secret.imp_key.clone(),
            imp_secret: secret.imp_secret.clone(),
            default_notice_url: Some(webhook_url.clone()),
            clock_file: Some(clock_file),
            data_file: args.data.as_ref().map(|directory| directory.join("iamport.json")),
            ..iamport::Options::default()
        };
        roles.tasks.spawn(async move {
            iamport::serve(listener, options, stopped).await.map_err(|error| CliError::Iamport(error.to_string()))
        });
    }
    let options = gateway::Options {
        api,
        key,
        lambda_url: args.lambda_url.clone(),
        integration_timeout: MAX_INTEGRATION_TIMEOUT,
    };
    let stopped = roles.stopped();
    let listener = listeners.gateway;
    roles.tasks.spawn(async move { gateway::serve(listener, options, stopped).await.map_err(CliError::from) });

    tokio::select! {
        answered = tokio::time::timeout(START, wait_for_all(&probes)) => answered
            .map_err(|_| CliError::Failed(format!("not every role answered within {START:?}")))?,
        failure = roles.failed() => return Err(failure),
    }
    Ok(Running {
        gateway_url,
        iamport_url,
        aws_url,
        lambda_url: args.lambda_url.clone(),
        storefront_url,
        gateway_port,
        iamport_port,
        aws_port,
        storefront_port,
        webhook_url,
        table: args.table.clone(),
        secret_name: args.secret_name.clone(),
        region: crate::REGION.to_owned(),
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        pid: std::process::id(),
    })
}

/// The table and the secret, created if absent; and the secret as it stands there.
async fn provision(url: &str, table: &Table, secret: &str, seed: &SecretFields) -> Result<SecretFields, CliError> {
    let failed = |source| CliError::AwsClient { url: url.to_owned(), source };
    let client = Client::new(url).map_err(failed)?;
    client.ensure_table(table).await.map_err(failed)?;
    let text = client.ensure_secret(secret, &json!(seed)).await.map_err(failed)?;
    // The parser's own words could quote the secret.
    serde_json::from_str(&text).map_err(|_| CliError::Secret {
        name: secret.to_owned(),
        why: "is not JSON with imp_key, imp_secret, webhook_tokens and fingerprint_key".to_owned(),
    })
}

/// Waits until every URL gives some HTTP answer.
async fn wait_for_all(urls: &[String]) {
    let http = Http::new();
    for url in urls {
        loop {
            let Ok(request) = Request::get(url).body(Full::<Bytes>::default()) else {
                return;
            };
            if http.send(request, START, 1 << 20).await.is_ok() {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

fn port(listener: Option<&TcpListener>) -> Result<Option<u16>, CliError> {
    let address = listener.map(TcpListener::local_addr).transpose().map_err(CliError::io("a listener's address"))?;
    Ok(address.map(|address| address.port()))
}

fn base_url(ip: IpAddr, port: u16) -> String {
    format!("http://{}", SocketAddr::new(ip, port))
}
