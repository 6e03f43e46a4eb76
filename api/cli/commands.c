/* The table of commands: what `qizheng` runs, and what --help, the manual pages and the shells' completion are made from. */
#include "api/cli/command.h"

const struct command *const commands[] = {
    &command_init,
    &command_key_new,
    &command_key_show,
    &command_participant_add,
    &command_participant_suspend,
    &command_participant_resume,
    &command_participant_rotate,
    &command_participant_revoke,
    &command_notarize,
    &command_batch,
    &command_verify,
    &command_present,
    &command_acknowledge,
    &command_receipt_refresh, /* before the shorter name */
    &command_receipt,
    &command_tag,
    &command_show,
    &command_list,
    &command_contract,
    &command_findings,
    &command_statistics,
    &command_events,
    &command_check,
    &command_audit,
    &command_fsck,
    &command_conflict,
    &command_policy,
    &command_status,
};
const size_t command_count = sizeof commands / sizeof commands[0];
