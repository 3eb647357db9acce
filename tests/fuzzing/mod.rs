//! The bodies of the fuzz targets as ordinary tests: on every seed, on some hundred mutations of each, and on
//! everything that once went wrong (`found/`). The fuzzers themselves, which watch the program while they change its
//! input, stand in `tests/fuzz`.

mod decoders;
mod mutate;
mod seeds;
mod world;

use std::{collections::BTreeSet, fs, path::Path, time::Instant};

use anyhow::{Context, Result, ensure};

use self::{decoders::Target, mutate::Numbers};

/// The longest time that a decoder's mutations may take all together, in milliseconds. What takes longer gets fewer of
/// them, so that the suite stays quick in a debug build.
const BUDGET_MS: u128 = 400;
/// The most mutations of one decoder.
const MUTATIONS_MAX: usize = 1_500;
/// The fewest, however long they take.
const MUTATIONS_MIN: usize = 50;
/// No single input may take longer than this, in milliseconds, on a slow and busy machine in a debug build.
const INPUT_MS_MAX: u128 = 5_000;

fn timed((name, run): Target, bytes: &[u8]) -> Result<()> {
    let start = Instant::now();
    run(bytes);
    let took = start.elapsed().as_millis();
    ensure!(took <= INPUT_MS_MAX, "{name}: an input of {} bytes took {took} ms", bytes.len());
    Ok(())
}

#[test]
fn every_seed_of_every_decoder_is_read_without_a_panic() -> Result<()> {
    for target in decoders::ALL {
        let seeds = seeds::of(target.0).with_context(|| target.0)?;
        ensure!(!seeds.is_empty(), "{} has no seed", target.0);
        for seed in seeds {
            timed(target, &seed)?;
        }
    }
    Ok(())
}

#[test]
fn seeds_are_good_enough_to_be_taken() -> Result<()> {
    let world = world::world();
    let some = |name: &str, taken: fn(&[u8]) -> bool| -> Result<()> {
        let seeds = seeds::of(name)?;
        ensure!(seeds.iter().any(|seed| taken(seed)), "no seed of {name} is taken, so mutations reach nothing");
        Ok(())
    };
    some("proposal", fabric_devnet::decoders::proposal)?;
    some("package", fabric_devnet::decoders::package)?;
    some("connection", fabric_devnet::decoders::connection)?;
    some("epcis", |bytes| trade_standards::epcis::parse(bytes).is_ok())?;
    some("camt", |bytes| trade_standards::iso20022::parse_camt(bytes).is_ok())?;
    some("gateway_body", |bytes| trade_gateway::decoders::body(bytes) > 0)?;
    for seed in seeds::of("import_file")? {
        ensure!(trade_gateway::decoders::file(&seed) > 0, "a file of an import has no row: {}", seed.escape_ascii());
    }
    some("chaincode_answer", |bytes| {
        fabric_shim::testing::message(&world::world().router, bytes).is_some_and(|status| status != 400)
    })?;
    some("join_form", |bytes| {
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
        fabric_devnet::decoders::join_form(&String::from_utf8_lossy(&bytes[..end]), &bytes[end + 1..])
    })?;
    for results in seeds::of("read_write_set")? {
        let envelope = prost::Message::encode_to_vec(&world.transaction(&results));
        let codes = world.sandbox().validate(&[envelope]).map_err(anyhow::Error::msg)?;
        ensure!(codes == [0], "the transaction of the seed is validated as {codes:?}");
    }
    Ok(())
}

#[test]
fn mutations_of_seeds_are_refused_or_read_but_never_more() -> Result<()> {
    for (number, target) in (1_u64..).zip(decoders::ALL) {
        let seeds = seeds::of(target.0).with_context(|| target.0)?;
        let mut numbers = Numbers::new(number);
        let start = Instant::now();
        for count in 0..MUTATIONS_MAX {
            if count >= MUTATIONS_MIN && start.elapsed().as_millis() > BUDGET_MS {
                break;
            }
            let seed = &seeds[numbers.below(seeds.len())];
            timed(target, &mutate::mutated(seed, &mut numbers))?;
        }
    }
    Ok(())
}

#[test]
fn what_once_went_wrong_no_longer_does() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzzing/found");
    let mut inputs = 0;
    for below in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let below = below?;
        let name = below.file_name().to_string_lossy().into_owned();
        let target = decoders::ALL.into_iter().find(|(decoder, _)| *decoder == name);
        let target = target.with_context(|| format!("found/{name} is the folder of no decoder"))?;
        for found in fs::read_dir(below.path())? {
            timed(target, &fs::read(found?.path())?)?;
            inputs += 1;
        }
    }
    ensure!(inputs > 0, "nothing that once went wrong was tried");
    Ok(())
}

#[test]
fn every_decoder_has_a_fuzz_target_and_every_target_a_decoder() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/targets");
    let mut targets = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        targets.insert(path.file_stem().context("a name")?.to_string_lossy().into_owned());
    }
    let decoders: BTreeSet<String> = decoders::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    ensure!(targets == decoders, "targets and decoders differ: {targets:?} {decoders:?}");
    Ok(())
}
