//! One pallet that four other members observe as fast as they can, and what its holder notices of it. The load is the
//! same in both loaded phases; only which pallet it is about differs, so that what the processor does for others is in
//! both.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};
use trade_model::{Transaction as _, item::Capture};

use crate::{
    figures::Figures,
    member::{CARRIER, CUSTOMS, IMPORTER, MAKER, Members, Observed, RETAILER},
    pallet::{Pallet, document, event},
};

/// Events of the holder in each phase.
const EVENTS: u32 = 40;
/// Transactions that each stranger has under way.
const IN_FLIGHT: u32 = 4;
/// How long the load runs before the holder begins.
const WARM: Duration = Duration::from_secs(2);

/// What strangers did in a phase.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    recorded: AtomicU32,
    refused: AtomicU32,
    next: AtomicU32,
}

/// Measures the three phases, and prints them.
pub async fn measure(members: &Arc<Members>, first: u32) -> Result<()> {
    let pallets: Vec<Pallet> = (first..first + 4).map(Pallet::new).collect();
    let mut prepared = Figures::default();
    for pallet in &pallets {
        let unit = document(vec![event("ADD", "commissioning", &[pallet.unit()], 0)]);
        members.submit(MAKER, Capture::NAME, &unit, &mut prepared).await?;
    }
    println!("\nthe holder of a pallet records {EVENTS} events, one after the other; milliseconds");
    println!("{:<44} {:>8} {:>8} {:>10} {:>9} {:>8}", "", "p50", "p99", "conflicts", "recorded", "refused");
    let own = &pallets[0];
    row("alone", &mut held(members, own, 0).await?, &Load::default());
    for (label, about, number) in [
        ("four members observe another pallet", &pallets[1], 1),
        ("four members observe this pallet", own, 2),
        ("again another pallet", &pallets[2], 3),
    ] {
        let load = Arc::new(Load::default());
        let mut strangers = start(members, about.unit(), &load);
        sleep(WARM).await;
        let mut figures = held(members, own, number).await?;
        load.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = strangers.join_next().await {
            ended??;
        }
        row(label, &mut figures, &load);
    }
    Ok(())
}

fn row(label: &str, figures: &mut Figures, load: &Load) {
    let (p50, p99) = (figures.quantile(0.5), figures.quantile(0.99));
    let (recorded, refused) = (load.recorded.load(Ordering::Relaxed), load.refused.load(Ordering::Relaxed));
    println!("{label:<44} {p50:>8.0} {p99:>8.0} {:>10} {recorded:>9} {refused:>8}", figures.conflicts());
}

/// The holder's events.
async fn held(members: &Members, pallet: &Pallet, phase: u32) -> Result<Figures> {
    let mut figures = Figures::default();
    for number in 0..EVENTS {
        let stored = noted(&pallet.unit(), "storing", MAKER, phase * EVENTS + number);
        members.submit(MAKER, Capture::NAME, &stored, &mut figures).await?;
    }
    Ok(figures)
}

fn start(members: &Arc<Members>, unit: String, load: &Arc<Load>) -> JoinSet<Result<()>> {
    let mut strangers = JoinSet::new();
    for who in [CARRIER, IMPORTER, RETAILER, CUSTOMS] {
        for _ in 0..IN_FLIGHT {
            let (members, load, unit) = (Arc::clone(members), Arc::clone(load), unit.clone());
            strangers.spawn(async move {
                while !load.stop.load(Ordering::Relaxed) {
                    let number = load.next.fetch_add(1, Ordering::Relaxed);
                    let seen = noted(&unit, "inspecting", who, 1_000 + number);
                    match members.observe(who, &seen).await? {
                        Observed::Recorded => load.recorded.fetch_add(1, Ordering::Relaxed),
                        Observed::Refused => load.refused.fetch_add(1, Ordering::Relaxed),
                    };
                }
                Ok(())
            });
        }
    }
    strangers
}

/// An event that no other is like.
fn noted(unit: &str, step: &str, who: &str, number: u32) -> Value {
    let mut event = event("OBSERVE", step, &[unit.to_owned()], number);
    event["eventID"] = json!(format!("urn:uuid:00000000-0000-4000-8000-{:012x}", number));
    event["example:note"] = json!(format!("{who} {number}"));
    event["@context"] = json!([{ "example": "https://example.org/" }]);
    document(vec![event])
}
