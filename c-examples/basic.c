/* Open a client, write a value, read it back.
 * usage: basic [url]
 */
#include <redisclient.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "redis://127.0.0.1:6379";
    redisclient *client = NULL;
    redisclient_reply *reply = NULL;
    redisclient_error *error = NULL;
    int failed = 1;

    if (redisclient_open(url, NULL, &client, &error) != REDISCLIENT_OK
        || redisclient_command(client, REDISCLIENT_ARGS("SET", "greeting", "hello"), NULL, &error) != REDISCLIENT_OK
        || redisclient_command(client, REDISCLIENT_ARGS("GET", "greeting"), &reply, &error) != REDISCLIENT_OK) {
        fprintf(stderr, "basic: %s\n", redisclient_error_message(error));
    } else {
        printf("greeting is \"%s\"\n", redisclient_reply_text(reply, NULL));
        failed = 0;
    }

    redisclient_reply_free(reply);
    redisclient_error_free(error);
    redisclient_free(client);
    return failed;
}
