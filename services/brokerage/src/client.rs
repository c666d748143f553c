//! The client commands: one for every RPC of every service, made from the API's own descriptors, so that none is missing and the
//! help says what the `.proto` files say.

mod call;
mod describe;
mod example;
mod files;
mod output;
pub(crate) mod progress;
mod request;

use crate::terminal::{Exit, say_error};
use care::CouncilId;
use clap::{Arg, ArgAction, ArgMatches, Command};
use output::Form;
use prost_reflect::{
    Cardinality, DescriptorPool, FieldDescriptor, Kind, MethodDescriptor, ServiceDescriptor,
};
use service_kit::council_name;
use std::sync::OnceLock;

/// The flags that every client command has beside its request's fields.
const OWN_FLAGS: [&str; 5] = ["address", "token", "output", "body", "out"];

/// A service with client commands.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    descriptor: ServiceDescriptor,
}

fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(api::DESCRIPTORS).expect("the build wrote these descriptors"))
}

impl Service {
    fn all() -> impl Iterator<Item = Self> {
        pool().services().map(|descriptor| Self { descriptor })
    }

    /// Its name as a command: `referrals`.
    fn command_name(&self) -> String {
        self.descriptor.name().trim_end_matches("Service").to_ascii_lowercase()
    }

    /// The service whose command was given, and what was given to it.
    pub(crate) fn chosen(matches: &ArgMatches) -> Option<(Self, &ArgMatches)> {
        let (name, matches) = matches.subcommand()?;
        Self::all().find(|service| service.command_name() == name).map(|service| (service, matches))
    }
}

/// Adds the commands of all services.
pub(crate) fn add_commands(command: Command) -> Command {
    Service::all().fold(command, |command, service| command.subcommand(service_command(&service)))
}

/// The methods about dead letters as the verbs of `dlq`: who looks at one thinks of it by that name.
const DEAD_LETTERS: [(&str, &str); 3] =
    [("list", "ListDeadLetters"), ("retry", "RetryDeadLetters"), ("discard", "DiscardDeadLetter")];

fn method_of(service: &str, name: &str) -> Option<MethodDescriptor> {
    let service = Service::all().find(|known| known.command_name() == service)?;
    service.descriptor.methods().find(|method| method.name() == name)
}

fn operations_method(name: &str) -> Option<MethodDescriptor> {
    method_of("operations", name)
}

/// The command that hands a council's books to another program, by what it does for whoever keeps them.
const EXPORT_JOURNAL: &str = "export-journal";

/// Adds `export-journal`, which takes a council as `token issue` does.
pub(crate) fn add_export(command: Command) -> Command {
    let Some(method) = method_of("invoicing", "ExportJournal") else { return command };
    let parent = method.input().get_field_by_name("parent").map(|field| flag_id(&field));
    let own = method_command(&method).name(EXPORT_JOURNAL);
    let own = parent.into_iter().fold(own, |own, parent| {
        own.mut_arg(parent, |arg| {
            arg.long("council")
                .value_name("CODE")
                .help("The council, by its GSS code or the DfE's three digits")
                .value_parser(council_of)
                .required_unless_present("body")
        })
    });
    command.subcommand(own)
}

fn council_of(code: &str) -> Result<String, String> {
    let council: Result<CouncilId, _> = code.trim_start_matches("councils/").parse();
    council.map(council_name).map_err(|error| error.to_string())
}

/// The method that `export-journal` stands for, and what was given to it; none when something else was asked.
pub(crate) fn export(matches: &ArgMatches) -> Option<(MethodDescriptor, &ArgMatches)> {
    Some((method_of("invoicing", "ExportJournal")?, matches.subcommand_matches(EXPORT_JOURNAL)?))
}

/// Adds `dlq`, by the name under which people look for it.
pub(crate) fn add_dead_letters(command: Command) -> Command {
    let about = "See and settle what a service of a running region could not apply of the others' events.";
    let dlq = Command::new("dlq").about(about).subcommand_required(true).arg_required_else_help(true);
    let methods = DEAD_LETTERS.iter().filter_map(|(verb, name)| Some((verb, operations_method(name)?)));
    command.subcommand(methods.fold(dlq, |dlq, (verb, method)| {
        let own = method_command(&method).name(*verb);
        // What the request cannot do without is asked for before anything is called.
        let fields: Vec<FieldDescriptor> = method.input().fields().filter(|_| *verb != "list").collect();
        let own = fields
            .iter()
            .fold(own, |own, field| own.mut_arg(flag_id(field), |arg| arg.required_unless_present("body")));
        dlq.subcommand(own)
    }))
}

/// The method that a verb of `dlq` stands for, and what was given to it; none when something else was asked.
pub(crate) fn dead_letters(matches: &ArgMatches) -> Option<(MethodDescriptor, &ArgMatches)> {
    let (verb, matches) = matches.subcommand_matches("dlq")?.subcommand()?;
    let (_, name) = DEAD_LETTERS.iter().find(|(known, _)| *known == verb)?;
    Some((operations_method(name)?, matches))
}

fn service_command(service: &Service) -> Command {
    let name = service.command_name();
    let about = format!("Call the {name} service of a running region.");
    let command = Command::new(name).about(about).subcommand_required(true).arg_required_else_help(true);
    let methods: Vec<MethodDescriptor> = service.descriptor.methods().collect();
    methods.iter().fold(command, |command, method| {
        let verb = verb(method);
        let mut own = method_command(method);
        // `referrals post` for `referrals post-referral`, where only one method begins so or it is about what the service is for.
        let alone = methods.iter().filter(|other| self::verb(other) == verb).count() == 1;
        let thing =
            kebab(method.name()).split_once('-').map(|(_, thing)| thing.trim_end_matches('s').to_owned());
        if alone || thing.as_deref() == Some(service.command_name().trim_end_matches('s')) {
            own = own.visible_alias(verb);
        }
        command.subcommand(own)
    })
}

fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    for (index, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            kebab.push('-');
        }
        kebab.push(if letter == '_' { '-' } else { letter.to_ascii_lowercase() });
    }
    kebab
}

fn verb(method: &MethodDescriptor) -> String {
    let name = kebab(method.name());
    name.split('-').next().unwrap_or_default().to_owned()
}

fn method_command(method: &MethodDescriptor) -> Command {
    let mut command = Command::new(kebab(method.name())).about(describe::method(method)).args(own_args());
    if files::is_answered_with_one(method) {
        let help = "Where the file goes, which is there once it is whole; stdout where it is - or not given";
        command = command.arg(Arg::new("out").long("out").value_name("FILE").help(help));
    }
    if let Some(examples) = example::help(&method.input()) {
        // `-h` stays short; `--help` shows them.
        command = command.after_long_help(examples);
    }
    method.input().fields().fold(command, |command, field| command.arg(field_arg(&field)))
}

fn own_args() -> [Arg; 4] {
    [
        Arg::new("address")
            .long("address")
            .env("BROKERAGE_ADDRESS")
            .default_value("http://127.0.0.1:50051")
            .value_parser(address)
            .help("Where the region listens"),
        Arg::new("token")
            .long("token")
            .env("BROKERAGE_TOKEN")
            .hide_env_values(true)
            .help("The bearer token; make one with `brokerage token issue`"),
        Arg::new("output")
            .long("output")
            .value_parser(clap::value_parser!(Form))
            .default_value("table")
            .help("How the answer is printed"),
        Arg::new("body")
            .long("body")
            .value_name("JSON")
            .help("The whole request as JSON, or @FILE, or - for standard input; single fields given as flags override it"),
    ]
}

/// An address that can be called: the region speaks plain HTTP/2, and a port is never left to be guessed.
pub(crate) fn address(text: &str) -> Result<String, String> {
    let uri: Option<http::Uri> = text.parse().ok();
    let callable = |uri: &http::Uri| {
        let host = uri.host().is_some_and(|host| !host.is_empty());
        let bare = uri.path_and_query().is_none_or(|path| path == "/");
        let user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        uri.scheme() == Some(&http::uri::Scheme::HTTP) && host && uri.port().is_some() && bare && !user
    };
    match uri.as_ref().is_some_and(callable) {
        true => Ok(text.to_owned()),
        false => Err("expected http://HOST:PORT, such as http://127.0.0.1:50051".to_owned()),
    }
}

/// The flag of a request's field. A field that is a message takes JSON, or @FILE.
fn field_arg(field: &FieldDescriptor) -> Arg {
    let name = flag_name(field);
    let arg = Arg::new(flag_id(field)).long(name).help(describe::field(field));
    let arg = match field.kind() {
        Kind::Bool => arg.num_args(0..=1).default_missing_value("true").value_parser(["true", "false"]),
        Kind::Enum(kind) => {
            let values = kind.values().skip(1).map(|value| {
                let short = short_enum_value(kind.name(), value.name());
                // As answers, tables and JSON have it, too.
                let aliases =
                    [short.replace('-', "_"), short.replace('-', " "), value.name().to_ascii_lowercase()];
                clap::builder::PossibleValue::new(short.clone())
                    .aliases(aliases.into_iter().filter(move |alias| *alias != short))
            });
            let values: Vec<_> = values.collect();
            arg.value_parser(clap::builder::PossibleValuesParser::new(values)).ignore_case(true)
        }
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            arg.value_name("RFC3339")
        }
        Kind::Message(_) => arg.value_name("JSON|@FILE"),
        Kind::Bytes => arg.value_name("BASE64|@FILE"),
        Kind::String => arg.value_name("TEXT"),
        _ => arg.value_name("NUMBER").allow_negative_numbers(true),
    };
    // The token of a hold or reservation, beside the one that says who calls.
    let arg = if field.name() == "token" { arg.visible_alias("fencing-token") } else { arg };
    if field.cardinality() == Cardinality::Repeated { arg.action(ArgAction::Append) } else { arg }
}

/// Under what a field's flag is known; the client's own flags have plain names.
fn flag_id(field: &FieldDescriptor) -> String {
    format!("field {}", field.name())
}

fn flag_name(field: &FieldDescriptor) -> String {
    let name = kebab(field.name());
    if OWN_FLAGS.contains(&name.as_str()) { format!("request-{name}") } else { name }
}

/// `REFERRAL_STAGE_OPEN` of `ReferralStage` as people type it: `open`.
fn short_enum_value(kind: &str, value: &str) -> String {
    let prefix = kebab(kind).replace('-', "_").to_ascii_uppercase();
    let short = value.strip_prefix(&prefix).map_or(value, |rest| rest.trim_start_matches('_'));
    short.to_ascii_lowercase().replace('_', "-")
}

/// Calls the method that was asked for.
pub(crate) async fn run(service: Service, matches: &ArgMatches) -> Exit {
    let Some((name, matches)) = matches.subcommand() else { return Exit::Usage };
    let Some(method) = service.descriptor.methods().find(|method| kebab(method.name()) == name) else {
        return Exit::Usage;
    };
    run_method(method, matches).await
}

/// Calls a method with what was given to its command.
pub(crate) async fn run_method(method: MethodDescriptor, matches: &ArgMatches) -> Exit {
    let form = matches.get_one::<Form>("output").copied().unwrap_or(Form::Table);
    let request = match request::build(&method, matches) {
        Ok(request) => request,
        Err(message) => {
            say_error(&message);
            return Exit::Usage;
        }
    };
    let address = matches.get_one::<String>("address").map_or("", String::as_str);
    let token = matches.get_one::<String>("token").map(String::as_str);
    let file = files::is_answered_with_one(&method).then(|| {
        let out = matches.get_one::<String>("out").map(String::as_str);
        (out.is_some() || form == Form::Table).then(|| files::Sink::to(out))
    });
    call::call(&method, request, address, token, form, file.flatten()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_command_with_help() {
        let mut methods = 0;
        for service in Service::all() {
            let command = service_command(&service);
            for method in service.descriptor.methods() {
                let found = command
                    .find_subcommand(kebab(method.name()))
                    .unwrap_or_else(|| panic!("{}", method.full_name()));
                assert!(
                    found.get_about().is_some_and(|about| about.to_string().len() > 10),
                    "{}",
                    method.full_name()
                );
                for field in method.input().fields() {
                    assert!(!describe::field(&field).is_empty(), "{}", field.full_name());
                    let flags = found.get_arguments().filter(|arg| arg.get_id() == flag_id(&field).as_str());
                    assert_eq!(flags.count(), 1, "{}", field.full_name());
                }
                methods += 1;
            }
            command.debug_assert();
        }
        assert!(methods > 60, "{methods}");
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for right in ["http://127.0.0.1:50051", "http://region.example:443/", "http://[::1]:50051"] {
            assert_eq!(address(right).as_deref(), Ok(right));
        }
        for wrong in [
            "",
            "127.0.0.1:50051",
            "region.example",
            "http://region.example",
            "https://region.example:443",
            "http://:50051",
            "http://region.example:many",
            "http://region.example:70000",
            "http://region.example:1/referrals",
            "http://me@region.example:1",
            "http://a region:1",
        ] {
            assert!(address(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn names_are_as_people_type_them() {
        assert_eq!(kebab("PostReferral"), "post-referral");
        assert_eq!(kebab("page_size"), "page-size");
        assert_eq!(
            short_enum_value("ReferralStage", "REFERRAL_STAGE_AWARD_IN_PROGRESS"),
            "award-in-progress"
        );
    }
}
