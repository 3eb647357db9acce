//! All cases. A case is listed here once; tests and the printed table are made from the list.

use crate::{Case, cases};

/// Calls a macro with the list of cases: `chapter: c001_what_holds, …;` and so on.
#[macro_export]
macro_rules! every_case {
    ($with:ident) => {
        $with! {
            evaluate:
                c001_an_evaluate_gives_the_answer_of_the_chaincode,
                c002_statuses_from_200_to_399_come_back_with_message_and_payload,
                c003_another_status_fails_the_evaluate_with_one_detail_of_the_own_organization,
                c004_another_status_fails_the_endorsement,
                c005_an_empty_evaluate_request_is_an_invalid_argument,
                c006_an_empty_endorse_request_is_an_invalid_argument,
                c007_evaluating_on_an_unknown_channel_is_unavailable,
                c008_endorsing_on_an_unknown_channel_fails_a_precondition,
                c009_submitting_on_an_unknown_channel_fails_a_precondition,
                c010_evaluating_an_unknown_chaincode_finds_no_peers,
                c011_endorsing_an_unknown_chaincode_finds_no_plan,
                c012_evaluating_at_an_unknown_organization_finds_no_peers,
                c013_endorsing_by_an_unknown_organization_is_unavailable,
                c030_an_endorser_gives_no_endorsement_for_a_refusal_and_no_payload_below_500,
                c032_a_stopped_chaincode_fails_at_once_and_serves_again_without_an_administrator;
            proposals:
                c014_an_evaluate_with_a_wrong_signature_is_denied,
                c015_an_endorse_with_a_wrong_signature_is_denied,
                c016_a_signature_with_high_s_is_denied,
                c017_a_user_may_evaluate_at_another_organizations_gateway,
                c018_a_peers_identity_is_no_writer,
                c019_a_certificate_under_another_organizations_name_is_malformed,
                c020_a_certificate_of_a_foreign_authority_is_malformed,
                c021_an_expired_certificate_cannot_evaluate,
                c022_an_expired_certificate_cannot_endorse,
                c023_a_certificate_that_begins_tomorrow_is_accepted,
                c024_a_certificate_without_a_role_is_denied,
                c025_a_certificate_with_two_roles_is_denied,
                c026_a_revoked_certificate_is_denied,
                c027_a_transaction_id_that_does_not_follow_from_nonce_and_creator_is_refused,
                c028_a_committed_transaction_cannot_be_evaluated_again,
                c029_a_committed_transaction_cannot_be_endorsed_again,
                c031_an_endorser_answers_a_wrong_signature_with_an_error_and_no_response,
                c151_a_timestamp_that_is_off_or_missing_is_refused,
                c152_an_epoch_and_another_header_type_are_refused;
            plans:
                c033_one_of_three_is_the_own_organization,
                c034_a_majority_of_three_is_two_with_the_own_organization,
                c035_named_organizations_endorse_and_no_others,
                c036_too_few_named_organizations_are_not_noticed_before_validation,
                c037_endorsements_that_differ_are_not_enough,
                c038_a_call_into_another_chaincode_is_planned_for_both,
                c039_a_collections_policy_is_planned_for,
                c040_a_collections_policy_is_demanded,
                c041_a_keys_policy_is_planned_for_at_another_gateway,
                c042_a_keys_policy_of_two_is_planned_for_at_the_third_gateway,
                c043_an_implicit_collection_is_endorsed_by_its_owner,
                c044_the_own_gateway_endorses_a_collection_that_it_is_no_member_of,
                c045_private_data_goes_to_organizations_outside_of_a_collection_only_when_they_are_named,
                c046_transient_data_does_not_stand_in_the_transaction,
                c157_reading_a_collection_under_a_policy_of_others_has_no_plan;
            submit:
                c047_an_empty_submit_request_is_an_invalid_argument,
                c048_an_unsigned_transaction_is_an_invalid_argument,
                c049_a_transaction_signed_by_another_is_forbidden,
                c050_a_signature_that_is_none_is_forbidden,
                c051_a_transaction_above_the_absolute_maximum_is_refused,
                c052_a_transaction_submitted_again_keeps_its_first_verdict,
                c053_an_invalid_transaction_stays_invalid_and_its_id_is_used_up,
                c054_the_status_of_an_unknown_transaction_is_waited_for,
                c055_the_status_of_no_transaction_is_an_invalid_argument,
                c056_an_empty_status_request_is_an_invalid_argument,
                c057_the_status_on_an_unknown_channel_is_denied,
                c058_any_reader_may_ask_for_a_status,
                c059_the_orderers_administrator_is_no_reader,
                c060_an_expired_certificate_may_ask_for_a_status,
                c061_a_committed_value_is_read_at_once_here_and_soon_elsewhere;
            simulation:
                c062_a_transaction_does_not_read_its_own_writes,
                c063_an_empty_value_deletes,
                c064_the_history_has_values_and_deletions_the_newest_first,
                c065_a_range_does_not_show_the_transactions_own_inserts,
                c066_a_short_range_is_recorded_whole_even_if_one_row_is_read,
                c067_a_long_range_is_recorded_as_a_merkle_summary_of_what_was_fetched,
                c068_pages_end_with_the_next_key_as_bookmark_and_the_last_with_none,
                c069_a_write_after_a_page_is_refused,
                c070_an_empty_range_is_recorded_without_reads,
                c071_an_open_range_of_plain_keys_leaves_composite_keys_out,
                c072_every_transaction_reads_the_sequence_of_its_definition,
                c073_writes_of_a_failed_callee_stay,
                c074_a_chaincode_cannot_call_itself,
                c075_calls_to_nothing_to_the_ledgers_chaincode_and_to_no_channel_fail_in_the_callee,
                c076_a_callees_write_needs_the_callees_policy,
                c153_a_callee_that_only_reads_is_planned_for_but_needs_no_endorsement;
            conflicts:
                c077_of_two_that_read_and_write_a_key_in_a_block_the_second_conflicts,
                c078_blind_writes_do_not_conflict_and_the_last_one_stays,
                c079_the_creation_of_a_key_conflicts_with_a_transaction_that_found_it_absent,
                c080_a_deletion_conflicts_with_a_later_reader,
                c081_even_the_deletion_of_an_absent_key_conflicts_with_a_later_reader,
                c082_a_write_in_an_earlier_block_conflicts_with_who_read_before,
                c083_an_insert_an_update_or_a_deletion_in_a_range_is_a_phantom_for_a_later_reader,
                c084_a_reader_of_a_range_does_not_conflict_with_later_changes,
                c085_of_a_partial_scan_only_what_was_fetched_conflicts,
                c086_a_short_range_conflicts_with_an_append_although_one_row_was_read,
                c087_private_keys_conflict_as_public_ones,
                c098_an_invalid_transaction_between_valid_ones_has_no_effect,
                c156_a_deletion_and_a_blind_write_in_a_block_are_both_valid;
            verdicts:
                c088_without_endorsements_the_policy_fails,
                c089_with_a_corrupted_endorsement_the_policy_fails,
                c090_with_changed_results_the_policy_fails,
                c091_with_changed_arguments_the_transaction_is_invalid,
                c092_with_two_actions_the_transaction_is_invalid,
                c093_with_an_epoch_or_as_a_message_the_header_is_bad,
                c094_with_a_transaction_id_that_does_not_follow_the_transaction_is_bad,
                c095_the_same_endorsement_twice_counts_once,
                c096_a_client_can_endorse_for_itself_where_the_policy_says_member,
                c097_a_satisfied_arm_of_a_policy_uses_up_its_signatures;
            keys:
                c099_a_keys_policy_decides_over_writing_deleting_and_changing_it,
                c100_a_write_after_a_change_of_policy_in_the_same_block_fails,
                c101_two_writes_under_a_keys_policy_in_a_block_are_valid,
                c102_a_key_that_is_made_again_has_no_policy,
                c103_a_policy_for_an_absent_key_is_valid_and_does_nothing,
                c104_changes_of_policy_do_not_stand_in_the_history,
                c105_a_private_keys_policy_is_demanded_and_planned_for,
                c154_a_change_of_policy_that_fails_does_not_hinder_a_later_write,
                c155_a_change_of_policy_conflicts_with_who_read_the_key_before;
            private:
                c106_members_read_what_one_of_them_wrote,
                c107_clients_of_others_may_not_read_where_only_members_may,
                c108_a_peer_that_is_no_member_has_only_the_hash,
                c109_an_open_collection_is_read_by_all_where_the_data_is,
                c110_clients_of_others_may_not_write_where_only_members_may,
                c111_everybody_gets_the_hash,
                c112_unknown_collections_have_names_in_their_refusals,
                c113_a_write_after_a_private_range_is_refused,
                c114_with_three_blocks_to_live_a_value_goes_with_the_fourth_block_after_it,
                c115_a_deleted_value_has_no_hash,
                c116_a_purge_is_marked_as_deletion_and_purge,
                c117_an_implicit_collection_belongs_to_its_organization;
            events:
                c118_events_come_in_order_with_their_block_and_payload,
                c119_after_a_transaction_its_own_event_is_left_out,
                c120_after_a_transaction_without_event_nothing_comes,
                c121_events_cannot_begin_at_the_oldest_or_newest_block,
                c122_without_a_start_only_later_events_come,
                c123_of_two_events_of_a_transaction_the_last_one_stays,
                c124_invalid_transactions_have_no_events,
                c125_readers_may_listen_even_expired_ones_and_others_may_not;
            blocks:
                c126_from_the_newest_to_the_newest_is_one_block,
                c127_a_backward_range_and_a_wrong_clock_are_bad_requests,
                c128_a_block_beyond_the_tip_is_not_found_when_nobody_waits,
                c129_who_is_no_reader_or_has_expired_gets_no_blocks,
                c130_a_filtered_block_names_events_without_their_payload,
                c131_private_data_comes_with_blocks_for_members_only,
                c132_blocks_are_chained_by_hashes_and_have_a_verdict_for_each_transaction,
                c133_the_ledger_answers_for_the_newest_block_and_says_what_it_has_not,
                c159_an_unknown_channel_and_a_start_beyond_the_tip_are_not_found,
                c160_headers_come_without_data_but_configuration_keeps_it;
            lifecycle:
                c134_a_package_is_installed_once,
                c135_only_administrators_install_ask_what_is_installed_and_approve,
                c136_the_first_sequence_is_one,
                c137_an_approval_may_be_changed_but_not_repeated,
                c138_readiness_compares_parameters,
                c139_a_commit_needs_a_majority_and_is_endorsed_by_who_approved,
                c140_any_writer_may_commit_what_a_majority_approved,
                c141_a_commit_is_not_repeated,
                c142_a_committed_sequence_is_not_redefined,
                c143_a_chaincode_is_usable_where_it_is_defined_approved_and_installed,
                c144_an_upgrade_conflicts_with_what_was_endorsed_before,
                c145_initialisation_is_demanded_once_for_each_version,
                c146_collections_are_not_removed_and_not_malformed_by_an_upgrade,
                c147_names_and_versions_have_a_form,
                c148_an_undefined_chaincode_has_no_definition;
            restart:
                c149_after_all_processes_are_killed_everything_is_as_before,
                c150_a_crash_within_a_block_leaves_what_the_blocks_say;
            further:
                c158_the_orderer_refuses_what_it_cannot_place_and_who_may_not_write,
                c161_the_orderer_gives_its_blocks_to_peers_without_verdicts;
            configuration:
                e001_a_changed_batch_size_is_in_effect_with_the_next_block,
                e002_a_changed_batch_timeout_is_in_effect,
                e003_a_configuration_stands_alone_in_its_block_and_later_blocks_name_it,
                e004_a_stale_update_is_refused,
                e005_an_update_without_the_consent_that_it_needs_is_refused;
            membership:
                e006_an_added_organization_evaluates_submits_and_endorses,
                e007_a_removed_organization_is_refused_by_peers_and_orderers,
                e008_a_certificate_on_a_revocation_list_is_refused_from_then_on,
                e009_an_access_rule_closes_evaluation_to_all_but_a_group_until_it_is_taken_back;
            regulator:
                e010_a_regulator_evaluates_and_follows_blocks_and_events,
                e011_a_regulators_transaction_is_endorsed_and_never_ordered,
                e012_a_regulators_endorsement_counts_for_nothing,
                e013_under_default_rules_a_regulator_reads_blocks_and_evaluates_nothing;
            channels:
                e020_two_channels_keep_states_apart,
                e021_two_channels_keep_definitions_apart,
                e022_two_channels_keep_events_and_transactions_apart,
                e023_two_channels_keep_private_data_apart,
                e024_a_call_into_another_channel_reads_there_and_writes_nothing,
                e025_a_call_into_another_channel_takes_the_right_to_call_there,
                e026_a_peer_knows_nothing_of_a_channel_that_it_has_not_joined,
                e027_peers_and_orderers_join_a_channel_once;
            discovery:
                e030_a_discovery_request_is_bound_to_identity_and_role_and_to_no_connection,
                e031_discovery_tells_authorities_and_orderers,
                e032_discovery_tells_peers_with_what_they_signed_themselves,
                e033_a_descriptor_has_a_layout_for_every_sufficient_set_of_endorsers,
                e034_what_nobody_can_endorse_has_no_descriptor;
            fidelity:
                c170_several_private_keys_at_once_are_empty_where_the_data_is_not,
                c171_a_key_whose_policy_is_none_is_not_written_any_more,
                c172_a_transaction_without_an_action_has_a_bad_payload,
                c173_an_event_without_a_name_stands_in_blocks_and_is_not_told,
                c174_the_ledger_names_the_hash_that_it_has_not_if_it_is_a_text,
                c175_for_nothing_there_is_no_plan,
                c176_private_data_of_invalid_transactions_comes_with_blocks,
                e050_what_no_plugin_can_endorse_is_not_endorsed,
                e051_a_peer_keeps_what_it_endorsed_for_a_collection_of_its_organizations_clients,
                e052_a_policy_set_on_a_private_key_prolongs_its_life,
                e053_who_reaches_too_few_peers_with_private_data_is_told_which,
                e054_in_maintenance_the_orderer_takes_nothing_but_its_own_organizations_configuration,
                e055_a_configuration_under_which_nobody_could_go_on_is_refused;
        }
    };
}

/// The list as values.
#[must_use]
pub fn all() -> Vec<Case> {
    macro_rules! listed {
        ($($chapter:ident: $($name:ident),*;)*) => {
            vec![$($(Case {
                name: stringify!($name),
                run: |net| Box::pin(cases::$chapter::$name(net)),
                orders: ORDERING.contains(&stringify!($chapter)),
                switched: SWITCHED.contains(&stringify!($name)),
                own: OWN.contains(&stringify!($chapter)),
                alone: ALONE.contains(&stringify!($name)),
            }),*),*]
        };
    }
    every_case!(listed)
}

/// The chapters that concern ordering.
const ORDERING: &[&str] = &["submit", "conflicts", "blocks", "restart", "further", "configuration"];

/// The chapters whose cases make channels of their own.
const OWN: &[&str] = &["configuration", "membership", "regulator", "channels", "fidelity"];

/// Cases that need a switch of the embedded network.
const SWITCHED: &[&str] = &["c150_a_crash_within_a_block_leaves_what_the_blocks_say"];

/// Cases that must know of every block, or that make a gateway close its connections to other peers: real gateways do
/// so when a peer's answer is not one of its chaincode, and what others have in flight there is lost.
const ALONE: &[&str] = &[
    "c021_an_expired_certificate_cannot_evaluate",
    "c032_a_stopped_chaincode_fails_at_once_and_serves_again_without_an_administrator",
    "c114_with_three_blocks_to_live_a_value_goes_with_the_fourth_block_after_it",
    "c151_a_timestamp_that_is_off_or_missing_is_refused",
];
