//! `rutter simulate`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rutter_manifest::parse_duration;
use rutter_simcloud::World;
use rutter_simcloud::server::{self, Options, ServeError};
use tokio::net::TcpListener;

use super::driving::interrupt;
use super::{Context, Exit, Failure};

/// Serve a simulated cloud over HTTP, for official clients and experiments
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The world file: accounts, identities, resources, durations
    #[arg(long, value_name = "FILE")]
    world: PathBuf,
    /// The address to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Stop after this long (`90s`, `10m`)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    limit: Option<Duration>,
    /// Write the port to this file once it is listening
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// How many seconds pass in the world per real second [default: from the world file]
    #[arg(long, value_name = "NUMBER")]
    time_scale: Option<f64>,
    /// Delay answers by the latency that the world file gives
    #[arg(long)]
    latency: bool,
    /// Allow an address that other machines can reach
    #[arg(long)]
    any_address: bool,
}

/// Reads a world file.
pub(super) fn read_world(path: &Path) -> Result<World, Failure> {
    let name = path.display().to_string();
    let text = rutter_files::read_text(path, rutter_files::WORLD_MAX)
        .map_err(|error| Failure::io(format!("the world `{name}` cannot be read"), error))?;
    World::from_toml(&text, &name).map_err(|error| Failure::world(&error, &text))
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let world = read_world(&args.world)?;
    Context::runtime()?.block_on(serve(context, args, world))
}

async fn serve(context: &Context, args: &Args, world: World) -> Result<Exit, Failure> {
    let cannot_listen =
        |error| Failure::io(format!("{} cannot be listened on", args.listen), error);
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let options = Options {
        time_scale: args.time_scale,
        latency: args.latency,
        limit: args.limit,
        any_address: args.any_address,
        ..Options::default()
    };
    // Nobody is told of an address that will not be served.
    server::admit(address, &options, &world).map_err(|error| refused(&error))?;
    if let Some(path) = &args.port_file {
        write_whole(path, &format!("{}\n", address.port())).map_err(|error| {
            Failure::io(format!("`{}` cannot be written", path.display()), error)
        })?;
    }
    context.printer.answer_line(&format!("http://{address}"));
    match server::serve(world, listener, options, interrupt()).await {
        Ok(_) => Ok(Exit::Done),
        Err(error) => Err(refused(&error)),
    }
}

fn refused(error: &ServeError) -> Failure {
    let help = match error {
        ServeError::NotLoopback(_) => "add `--any-address`",
        _ => "see `rutter simulate --help`",
    };
    Failure::refused(super::failure::with_causes(error), help)
}

/// Whoever polls for the file finds it whole or not at all.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".partial-{}", std::process::id()));
    std::fs::write(&partial, text)?;
    std::fs::rename(&partial, path)
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .map(Duration::from_millis)
        .ok_or_else(|| "it must be a number with a unit: `90s`, `10m`, `2h`".to_owned())
}
