//! A laid-out network whose channels are changed: shows a change, guards against what nobody could take back, collects
//! the signatures at hand, and sends it.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use fabric_config::{ChannelConfig, CollectedUpdate, ConfigDraft, DraftError, Organization, UpdateError};
use fabric_operator::{
    channel::{Administrators, Lacking, administrators, difference, lacking, lockout, read_update, send, write_update},
    consortium::Consortium,
    generate,
    layout::{Addresses, Layout},
    network::Network,
};
use fabric_protos::common::Config;
use serde_json::{Value, json};

use crate::{
    commands::folder::Folder,
    output::{Form, note, print, print_json, say},
};

/// Which channel.
#[derive(Debug, Args)]
pub struct Of {
    #[command(flatten)]
    pub(super) folder: Folder,
    /// The channel; the one of all organizations when not given
    #[arg(long, value_name = "NAME")]
    pub(super) channel: Option<String>,
}

/// Which channel is changed, and who agrees.
#[derive(Debug, Args)]
pub struct ChangeOptions {
    #[command(flatten)]
    pub(super) of: Of,
    #[command(flatten)]
    consent: Consent,
    /// Write the update, signed by those whose keys lie in the folder, into a new file for others to sign (`peer
    /// channel signconfigtx`), and send nothing; `channel send` sends it
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    output: Option<PathBuf>,
}

/// Who agrees to a change.
#[derive(Debug, Args)]
pub struct Consent {
    /// Only this organization's administrator signs; may be given more than once
    #[arg(long = "sign-as", value_name = "MSP_ID")]
    sign_as: Vec<String>,
    /// Show what would change and whose consent it takes, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Change it even when nobody whose key lies in the folder could change it back, or users or nodes of the folder
    /// are shut out; says what will be lost
    #[arg(long)]
    force: bool,
}

impl ChangeOptions {
    /// Whether nothing is sent.
    pub(super) fn only_shows(&self) -> bool {
        self.consent.dry_run || self.output.is_some()
    }
}

/// A change of a channel: whether it was made, and what there is to say about it, for programs.
pub(super) struct Change {
    pub(super) made: bool,
    pub(super) document: Value,
}

/// A laid-out network and the means to speak with it.
pub(super) struct Site {
    form: Form,
    pub(super) layout: Layout,
    pub(super) consortium: Consortium,
    pub(super) addresses: Addresses,
    pub(super) runtime: tokio::runtime::Runtime,
}

impl Site {
    pub(super) fn open(folder: &Folder, form: Form) -> Result<Self> {
        let layout = Layout::existing(&folder.dir)?;
        let addresses =
            layout.known_addresses()?.with_context(|| format!("there is no network in {}", layout.root().display()))?;
        let consortium = generate::consortium(&layout, None)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { form, layout, consortium, addresses, runtime })
    }

    pub(super) fn network(&self) -> Network<'_> {
        Network { layout: &self.layout, consortium: &self.consortium, addresses: &self.addresses }
    }

    pub(super) fn channel<'a>(&'a self, of: &'a Of) -> &'a str {
        of.channel.as_deref().unwrap_or(&self.consortium.channel)
    }

    pub(super) fn config(&self, channel: &str) -> Result<ChannelConfig> {
        self.runtime.block_on(self.network().config(channel))
    }

    /// A line for people, where it is people who are told.
    pub(super) fn tell(&self, line: std::fmt::Arguments<'_>) -> Result<()> {
        match self.form {
            Form::Text => say!("{line}"),
            Form::Json => Ok(()),
        }
    }

    /// The whole answer, where it is programs that are told.
    pub(super) fn conclude(&self, document: &Value) -> Result<()> {
        match self.form {
            Form::Text => Ok(()),
            Form::Json => print_json(document),
        }
    }

    /// Makes a change, or only shows it.
    pub(super) fn change(
        &self,
        channel: &str,
        options: &ChangeOptions,
        wish: impl FnOnce(&mut ConfigDraft<'_>) -> Result<()>,
    ) -> Result<Change> {
        let config = self.config(channel)?;
        let mut draft = ConfigDraft::new(&config);
        wish(&mut draft)?;
        let update = CollectedUpdate::new(&draft.finish()?);
        self.settle(&config, draft.config(), update, &options.consent, options.output.as_deref())
    }

    /// Makes a change on every channel that knows an organization, or on the one that was chosen. A channel on which
    /// nothing differs, as after a run that broke off, is passed over.
    pub(super) fn change_everywhere(
        &self,
        msp_id: &str,
        options: &ChangeOptions,
        wish: impl Fn(&mut ConfigDraft<'_>) -> Result<()>,
    ) -> Result<Vec<Value>> {
        let (mut changes, mut unchanged) = (Vec::new(), None);
        for channel in self.consortium.each_channel().into_iter().map(|own| own.channel) {
            if options.of.channel.as_ref().is_some_and(|only| *only != channel) {
                continue;
            }
            let config = self.config(&channel)?;
            if config.application_orgs().chain(config.orderer_orgs()).all(|one| one.msp_id != msp_id) {
                continue;
            }
            match self.change(&channel, options, &wish) {
                Ok(change) => changes.push(change.document),
                Err(error) if is_no_difference(&error) => unchanged = Some(error),
                Err(error) => return Err(error),
            }
        }
        match unchanged {
            Some(error) if changes.is_empty() => Err(error),
            _ => Ok(changes),
        }
    }

    /// Sends an update that was written into a file, with the signatures that it has and those of this folder.
    pub(super) fn send(&self, file: &Path, consent: &Consent) -> Result<Change> {
        let envelope = read_update(file)?;
        let update = CollectedUpdate::open(&envelope);
        let update = update.with_context(|| format!("{} holds no update of a channel", file.display()))?;
        let config = self.config(update.channel_id())?;
        let after = config.if_signed(&envelope).context("the update does not fit the channel as it is now")?;
        self.settle(&config, &after, update, consent, None)
    }

    fn settle(
        &self,
        config: &ChannelConfig,
        after: &Config,
        mut update: CollectedUpdate,
        consent: &Consent,
        output: Option<&Path>,
    ) -> Result<Change> {
        let (network, channel) = (self.network(), config.channel_id());
        let differs = difference(config.config(), after)?;
        if self.form == Form::Text {
            print(format_args!("{differs}"))?;
        }
        let differs: Vec<&str> = differs.lines().collect();
        self.guard(config, &ChannelConfig::from_config(channel, after.clone())?, consent.force)?;
        let signers = administrators(&network, config, &consent.sign_as)?;
        signers.signers().into_iter().try_for_each(|signer| update.sign(signer)).context("the update is not signed")?;
        let envelope = update.envelope(signers.sender(config)?, SystemTime::now().into())?;
        let refused = config.propose_update(&envelope).err();
        let lacking = lacking(config, after, &update)?;
        if let Some(file) = output {
            write_update(file, &envelope)?;
        }
        if consent.dry_run || output.is_some() {
            self.tell_unsent(&signers, refused.as_ref(), &lacking, output)?;
            let wanted: Vec<Value> = lacking.iter().map(wanted).collect();
            let document = json!({
                "channel": channel, "made": false, "difference": differs, "signers": signers.msp_ids(),
                "lacks": refused.map(|error| error.to_string()), "wanted": wanted,
                "file": output.map(|file| file.display().to_string()),
            });
            return Ok(Change { made: false, document });
        }
        if let Some(error) = refused {
            let names = signers.msp_ids().join(", ");
            bail!("the administrators of {names} sign, and the channel would refuse: {error}{}", in_words(&lacking));
        }
        let sequence = self.runtime.block_on(send(&network, config, &envelope))?.sequence;
        self.tell(format_args!("The channel {channel} is changed; its configuration has the sequence {sequence}."))?;
        let document = json!({"channel": channel, "made": true, "difference": differs, "sequence": sequence});
        Ok(Change { made: true, document })
    }

    fn tell_unsent(
        &self,
        signers: &Administrators,
        refused: Option<&UpdateError>,
        lacking: &[Lacking],
        output: Option<&Path>,
    ) -> Result<()> {
        let organizations = signers.msp_ids().join(", ");
        match output {
            None => match refused {
                None => self.tell(format_args!(
                    "The administrators of {organizations} would sign, which suffices. Nothing was sent."
                )),
                Some(error) => self.tell(format_args!(
                    "The administrators of {organizations} would sign. Nothing was sent: {error}{}",
                    in_words(lacking)
                )),
            },
            Some(file) => self.tell(format_args!(
                "The update is signed by the administrators of {organizations} and lies in {0}. Nothing was \
                 sent.{1}\nOthers sign with `peer channel signconfigtx -f {0}`; `entrepot channel send {0}` sends it.",
                file.display(),
                in_words(lacking)
            )),
        }
    }

    /// Refuses a change after which nobody whose key lies in the folder could do what they can do now, not even
    /// together with an organization that comes in, and one that shuts out users or nodes of the folder.
    fn guard(&self, before: &ChannelConfig, after: &ChannelConfig, force: bool) -> Result<()> {
        let own = lockout::identities(&self.network())?;
        let (lost, shut_out) = (lockout::lost(before, after, &own)?, lockout::shut_out(before, after, &own));
        let mut costs = Vec::new();
        if !shut_out.is_empty() {
            costs.push(format!("the changed rules would not know {} any more", shut_out.join(", ")));
        }
        if !lost.is_empty() {
            let with = with_newcomers(before, after);
            costs.push(format!(
                "nobody whose key lies in this folder{with} would satisfy {} any more, and nothing could give that \
                 back",
                lost.join(", ")
            ));
        }
        if costs.is_empty() {
            return Ok(());
        }
        let costs = costs.join("; ");
        ensure!(force, "{costs}; --force changes it all the same");
        match self.form {
            Form::Text => say!("By force: {costs}."),
            Form::Json => {
                note(&format!("By force: {costs}."));
                Ok(())
            }
        }
    }
}

/// Makes a change of one channel.
pub(super) fn changed(
    options: &ChangeOptions,
    form: Form,
    wish: impl FnOnce(&mut ConfigDraft<'_>) -> Result<()>,
) -> Result<()> {
    let site = Site::open(&options.of.folder, form)?;
    let change = site.change(site.channel(&options.of), options, wish)?;
    site.conclude(&json!({"changes": [change.document]}))
}

fn with_newcomers(before: &ChannelConfig, after: &ChannelConfig) -> String {
    let comes_in = |one: &&Organization| before.application_org(&one.msp_id).is_none();
    let newcomers: Vec<&str> = after.application_orgs().filter(comes_in).map(|one| one.msp_id.as_str()).collect();
    match newcomers.is_empty() {
        true => String::new(),
        false => format!(", not even together with {},", newcomers.join(", ")),
    }
}

fn is_no_difference(error: &anyhow::Error) -> bool {
    error.downcast_ref() == Some(&DraftError::Update(UpdateError::NoDifference))
}

fn in_words(lacking: &[Lacking]) -> String {
    lacking.iter().map(|one| format!("\n{one}.")).collect()
}

fn wanted(lacking: &Lacking) -> Value {
    let wanted = lacking.wanted.iter().map(|one| json!({"more": one.more, "of": one.of}));
    json!({"policy": lacking.policy, "signatures": wanted.collect::<Vec<_>>()})
}
