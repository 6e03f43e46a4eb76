/* Completion for bash and zsh. See manual.h.
 *
 * Both find the command in the words typed so far, two words before one, and then offer its options, or the values of an option that has a few (`zh|en`); anything
 * else is a file's name. */
#include "node/manual/manual.h"

#include <string.h>

/* The first word of a command that has two; how often it came before is the caller's. */
static struct bytes first_word(const struct command *command) {
    return bytes_of(command->name, strcspn(command->name, " "));
}

static bool is_first_of_its_word(size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (bytes_equal(first_word(commands[i]), first_word(commands[index]))) return false;
    }
    return true;
}

static bool has_two_words(const struct command *command) {
    return strchr(command->name, ' ') != NULL;
}

/* The lists of options that a command takes, ended by NULL: its own, those of online commands, the common ones. */
static const struct option_spec *const *options_of(const struct command *command,
                                                   const struct option_spec *ret[4]) {
    size_t count = 0;
    if (command->options) ret[count++] = command->options;
    if (command->is_online) ret[count++] = options_online;
    ret[count++] = options_common;
    ret[count] = NULL;
    return ret;
}

/* -- bash -- */

static enum err bash_options(const struct command *command, struct buf *out) {
    const struct option_spec *lists[4];
    enum err err = ERR_OK;
    for (const struct option_spec *const *list = options_of(command, lists); *list; list++) {
        for (const struct option_spec *spec = *list; !err && spec->name; spec++)
            err = buf_format(out, " --%s", spec->name);
    }
    return err;
}

/* The second words of commands that begin with this word: "new show". */
static enum err second_words(struct bytes word, struct buf *out) {
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < command_count; i++) {
        if (has_two_words(commands[i]) && bytes_equal(first_word(commands[i]), word))
            err = buf_format(out, " %s", commands[i]->name + word.len + 1);
    }
    return err;
}

/* What may stand behind an option that takes a value: a few words, or none, and then bash offers files. */
static enum err bash_value(const struct command *command, const struct option_spec *spec,
                           struct buf *out) {
    if (!spec->value) return ERR_OK;
    enum err err = buf_format(out, "    \"%s --%s\") words=\"", command->name, spec->name);
    bool is_choice = strchr(spec->value, '|') != NULL;
    for (const char *c = spec->value; !err && is_choice && *c; c++)
        err = buf_add_byte(out, *c == '|' ? ' ' : (uint8_t)*c);
    return err ? err : buf_add_text(out, "\" ;;\n");
}

static enum err bash_values(struct buf *out) {
    const struct option_spec *lists[4];
    enum err err = ERR_OK;
    for (size_t i = 0; i < command_count; i++) {
        for (const struct option_spec *const *list = options_of(commands[i], lists); *list;
             list++) {
            for (const struct option_spec *spec = *list; !err && spec->name; spec++)
                err = bash_value(commands[i], spec, out);
        }
    }
    return err;
}

static enum err bash_tables(struct buf *out) {
    enum err err = buf_add_text(out, "_qizheng_words() {\n    case $1 in\n    \"\") words=\"");
    for (size_t i = 0; !err && i < command_count; i++) {
        struct bytes word = first_word(commands[i]);
        if (is_first_of_its_word(i))
            err = buf_format(out, " %.*s", (int)word.len, (const char *)word.data);
    }
    if (!err) err = buf_add_text(out, " --help --version\" ;;\n");
    for (size_t i = 0; !err && i < command_count; i++) {
        err = buf_format(out, "    \"%s\") words=\"", commands[i]->name);
        if (!err && !has_two_words(commands[i])) err = second_words(first_word(commands[i]), out);
        if (!err) err = bash_options(commands[i], out);
        if (!err) err = buf_add_text(out, "\" ;;\n");
    }
    for (size_t i = 0; !err && i < command_count; i++) {
        struct bytes word = first_word(commands[i]);
        if (!has_two_words(commands[i]) || !is_first_of_its_word(i)) continue;
        err = buf_format(out, "    \"%.*s\") words=\"", (int)word.len, (const char *)word.data);
        if (!err) err = second_words(word, out);
        if (!err) err = buf_add_text(out, "\" ;;\n");
    }
    if (!err) err = buf_add_text(out, "    *) return 1 ;;\n    esac\n}\n");
    if (!err) err = buf_add_text(out, "_qizheng_values() {\n    case \"$1\" in\n");
    if (!err) err = bash_values(out);
    return err ? err : buf_add_text(out, "    *) return 1 ;;\n    esac\n}\n");
}

static const char bash_body[] =
    "_qizheng() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} command=\"\" words=\"\"\n"
    "    COMPREPLY=()\n"
    "    if [ \"$COMP_CWORD\" -gt 2 ] && _qizheng_words \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\"; "
    "then\n"
    "        command=\"${COMP_WORDS[1]} ${COMP_WORDS[2]}\"\n"
    "    elif [ \"$COMP_CWORD\" -gt 1 ]; then\n"
    "        command=${COMP_WORDS[1]}\n"
    "    fi\n"
    "    _qizheng_values \"$command ${COMP_WORDS[COMP_CWORD - 1]}\" ||\n"
    "        _qizheng_words \"$command\" || return 0\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
    "}\n"
    "complete -o default -F _qizheng qizheng\n";

enum err completion_bash(struct buf *out) {
    enum err err = buf_add_text(out, "# bash completion of qizheng, made from its tables\n");
    if (!err) err = bash_tables(out);
    return err ? err : buf_add_text(out, bash_body);
}

/* -- zsh -- */

/* In single quotes, inside of _arguments' [] and : syntax. */
static enum err zsh_text(const char *text, struct buf *out) {
    enum err err = ERR_OK;
    for (; !err && *text; text++) {
        if (*text == '\'')
            err = buf_add_text(out, "'\\''");
        else if (strchr("[]:\\", *text))
            err = buf_format(out, "\\%c", *text);
        else
            err = buf_add_byte(out, (uint8_t)*text);
    }
    return err;
}

static enum err zsh_option(const struct option_spec *spec, struct buf *out) {
    enum err err = buf_format(out, " \\\n            '%s--%s%s[", spec->repeats ? "*" : "",
                              spec->name, spec->value ? "=" : "");
    if (!err) err = zsh_text(spec->help, out);
    if (!err) err = buf_add_byte(out, ']');
    if (!err && spec->value) {
        bool is_choice = strchr(spec->value, '|') != NULL;
        err = buf_add_byte(out, ':');
        if (!err) err = zsh_text(spec->value, out);
        if (!err) err = buf_add_text(out, is_choice ? ":(" : ":_files");
        for (const char *c = spec->value; !err && is_choice && *c; c++)
            err = buf_add_byte(out, *c == '|' ? ' ' : (uint8_t)*c);
        if (!err && is_choice) err = buf_add_byte(out, ')');
    }
    return err ? err : buf_add_byte(out, '\'');
}

static enum err zsh_command(const struct command *command, struct buf *out) {
    const struct option_spec *lists[4];
    enum err err = buf_format(out, "    '%s')\n        _arguments", command->name);
    for (const struct option_spec *const *list = options_of(command, lists); *list; list++) {
        for (const struct option_spec *spec = *list; !err && spec->name; spec++)
            err = zsh_option(spec, out);
    }
    if (!err && command->max) err = buf_add_text(out, " \\\n            '*:operand:_files'");
    return err ? err : buf_add_text(out, " ;;\n");
}

static enum err zsh_names(struct buf *out) {
    enum err err = buf_add_text(out, "    local -a names=(\n");
    for (size_t i = 0; !err && i < command_count; i++) {
        err = buf_format(out, "        '%s:", commands[i]->name);
        if (!err) err = zsh_text(commands[i]->summary, out);
        if (!err) err = buf_add_text(out, "'\n");
    }
    return err ? err : buf_add_text(out, "    )\n");
}

/* A name of two words is offered word by word; where a name begins a longer one (receipt, receipt refresh), both are. */
static const char zsh_body[] =
    "    local command='' name typed=\"${(j: :)words[2,CURRENT-1]}\"\n"
    "    local -a next=()\n"
    "    for name in \"${names[@]%%:*}\"; do\n"
    "        [[ \"$typed \" == \"$name \"* && ${#name} -gt ${#command} ]] && command=$name\n"
    "    done\n"
    "    if (( CURRENT <= 3 )); then\n"
    "        for name in $names; do\n"
    "            [[ -z $typed || $name == \"$typed \"* ]] || continue\n"
    "            name=${${name#$typed}# }\n"
    "            next+=(\"${${name%%:*}%% *}:${name#*:}\")\n"
    "        done\n"
    "        (( $#next )) && _describe command next\n"
    "    fi\n"
    "    [[ -n $command ]] || return 0\n"
    "    local -a own=(${(z)command})\n"
    "    words=(qizheng \"${(@)words[2+$#own,-1]}\")\n"
    "    (( CURRENT -= $#own ))\n"
    "    case $command in\n";

enum err completion_zsh(struct buf *out) {
    enum err err = buf_add_text(out, "#compdef qizheng\n# made from the tables of qizheng\n"
                                     "_qizheng() {\n");
    if (!err) err = zsh_names(out);
    if (!err) err = buf_add_text(out, zsh_body);
    for (size_t i = 0; !err && i < command_count; i++) err = zsh_command(commands[i], out);
    return err ? err : buf_add_text(out, "    esac\n}\n_qizheng \"$@\"\n");
}
