/* Tell from an error what became of the command, and whether to send it again.
 * The outcome decides: a command that may have run must not be repeated blindly.
 * usage: errors [url]
 */
#include <redisclient.h>
#include <stdio.h>

static const char *outcome_name(const redisclient_error *error)
{
    switch (redisclient_error_outcome(error)) {
    case REDISCLIENT_OUTCOME_NOT_SENT: return "not sent";
    case REDISCLIENT_OUTCOME_REFUSED:  return "refused by the server";
    default:                           return "unknown, it may have run";
    }
}

static const char *what_to_do(const redisclient_error *error)
{
    if (redisclient_error_outcome(error) == REDISCLIENT_OUTCOME_UNKNOWN)
        return "look at the data before sending it again";
    if (redisclient_error_retryable(error))
        return "send it again later";
    return "do not repeat it, mend the cause";
}

/* Prints the error and ends it. Answers 1 when it is not the one this program set out to cause. */
static int explain(const char *title, redisclient_status expected, redisclient_error *error)
{
    redisclient_status code = redisclient_error_code(error);

    printf("%s\n", title);
    printf("  message  %s\n", redisclient_error_message(error));
    printf("  code     %d %s\n", (int)code, redisclient_error_server_code(error));
    printf("  outcome  %s\n", outcome_name(error));
    printf("  advice   %s\n", what_to_do(error));
    redisclient_error_free(error);
    return code != expected;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    redisclient *client = NULL, *nobody = NULL;
    redisclient_error *error = NULL;

    if (redisclient_open(url, NULL, &client, &error) != REDISCLIENT_OK)
        return explain("open", REDISCLIENT_OK, error);

    redisclient_command(client, REDISCLIENT_ARGS("SET", "number", "one"), NULL, NULL);
    redisclient_command(client, REDISCLIENT_ARGS("INCR", "number"), NULL, &error);
    int failed = explain("The server says no", REDISCLIENT_ESERVER, error);

    error = NULL;
    redisclient_open("unix:///nonexistent/redis.sock", NULL, &nobody, &error);
    failed |= explain("Nobody listens", REDISCLIENT_ECONNECT, error);

    error = NULL;
    redisclient_open("redis://127.0.0.1:6379?pool.maximum=8", NULL, &nobody, &error);
    failed |= explain("An option is misspelt", REDISCLIENT_EOPTION, error);

    redisclient_call call = REDISCLIENT_CALL_INIT;
    call.deadline_ms = 50;
    error = NULL;
    redisclient_command_call(client, &call, REDISCLIENT_ARGS("BLPOP", "errors:empty", "0"), NULL, &error);
    failed |= explain("No answer in time", REDISCLIENT_ETIMEOUT, error);

    redisclient_free(client);
    return failed;
}
