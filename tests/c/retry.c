/* Trying again: a backoff function of one's own, whose it is and when it ends; which failures are
 * tried again; what a script's failure means. */
#include "check.h"

/* A backoff that notes what it was told. */
struct notes {
  int asked, ended;
  uint32_t failures[16];
  int64_t previous[16];
  int64_t answers[16];
  redisclient *client; /* used from inside, if there is one */
  redisclient_options *options;
  redisclient_pipeline *pipeline;
  bool closes;
};

static int64_t note(void *data, uint32_t failures, int64_t previous_ms) {
  struct notes *notes = data;
  int number = notes->asked++;
  REQUIRE(number < 16);
  notes->failures[number] = failures;
  notes->previous[number] = previous_ms;
  if (notes->client) EXPECT(notes->client, REDISCLIENT_REPLY_STATUS, "PONG", "PING");
  if (notes->pipeline) CHECK_FAILS(redisclient_pipeline_run(notes->pipeline, NULL, &error), REDISCLIENT_EBUSY, "pipeline");
  if (notes->closes) redisclient_close(notes->client);
  return notes->answers[number];
}

static void end(void *data) {
  struct notes *notes = data;
  notes->ended++;
  if (notes->options) CHECK_OK(redisclient_options_set(notes->options, "db", "0", &error)); /* no lock is held */
}

static const redisclient_backoff_ops OPS = {sizeof(redisclient_backoff_ops), note, end};

/* Lazy options with a count and a backoff. */
static redisclient_options *options_with(struct notes *notes, const char *count) {
  redisclient_options *options = redisclient_options_new();
  CHECK_OK(redisclient_options_set(options, "lazy", "yes", &error));
  CHECK_OK(redisclient_options_set(options, "retry.count", count, &error));
  if (notes) CHECK_OK(redisclient_options_backoff(options, &OPS, notes, &error));
  return options;
}

static redisclient *open_noted(const char *url, struct notes *notes, const char *count) {
  redisclient_options *options = options_with(notes, count);
  redisclient *client = NULL;
  CHECK_OK(redisclient_open(url, options, &client, &error));
  redisclient_options_free(options);
  REQUIRE(client);
  return client;
}

static void told(const char *nobody) {
  struct notes notes = {.answers = {0, 7, 40}};
  redisclient *client = open_noted(nobody, &notes, "3");
  int64_t start = now_ms();
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "after 4 attempts");
  CHECK(now_ms() - start >= 47);
  CHECK_INT(notes.asked, 3);
  for (int i = 0; i < 3; i++) {
    CHECK_INT(notes.failures[i], i + 1);
    CHECK_INT(notes.previous[i], i == 0 ? 0 : notes.answers[i - 1]);
  }
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "after 4 attempts");
  CHECK_INT(notes.asked, 6);
  CHECK_INT(notes.failures[3], 1); /* each command begins anew */
  CHECK_INT(notes.previous[3], 0);
  CHECK_INT(notes.ended, 0);
  redisclient_free(client);
  CHECK_INT(notes.ended, 1);
}

/* It gives up by an answer below 0, or by a pause beyond the deadline. */
static void gives_up(const char *nobody) {
  static const int64_t answers[] = {-1, -2, INT64_MIN, INT64_MAX, 60000};
  for (int i = 0; i < 5; i++) {
    struct notes notes = {.answers = {0, answers[i]}};
    redisclient *client = open_noted(nobody, &notes, "-1");
    CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "after 2 attempts");
    CHECK_INT(notes.asked, 2);
    redisclient_free(client);
  }
  struct notes notes = {0};
  redisclient *client = open_noted(nobody, &notes, "0");
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "after 1 attempt ");
  CHECK_INT(notes.asked, 0); /* where no other try is allowed it is not asked */
  redisclient_free(client);
}

/* From inside, the client and its connections are free for use. */
static void uses_the_client(const char *loading) {
  char url[512];
  snprintf(url, sizeof url, "%s?pool.max=1&pool.wait_ms=0", loading);
  struct notes notes = {0};
  redisclient *client = open_noted(url, &notes, "3");
  notes.client = client;
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("GET", "k"), NULL, &error), REDISCLIENT_ELOADING, "after 4 attempts");
  CHECK_INT(notes.asked, 3);
  redisclient_pipeline *pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_add(pipeline, REDISCLIENT_ARGS("GET", "k"));
  redisclient_reply *reply = NULL;
  CHECK_OK(redisclient_pipeline_run(pipeline, &reply, &error));
  CHECK_INT(notes.asked, 3); /* a server's no is an item of a pipeline */
  redisclient_reply_free(reply);
  redisclient_pipeline_free(pipeline);
  notes.closes = true;
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("GET", "k"), NULL, &error), REDISCLIENT_ECLOSED, "after 1 attempt ");
  redisclient_free(client);
  CHECK_INT(notes.ended, 1);
}

static void in_a_pipeline(const char *nobody) {
  struct notes notes = {0};
  redisclient *client = open_noted(nobody, &notes, "2");
  notes.pipeline = redisclient_pipeline_new(client);
  redisclient_pipeline_add(notes.pipeline, REDISCLIENT_ARGS("INCR", "k"));
  CHECK_FAILS(redisclient_pipeline_run(notes.pipeline, NULL, &error), REDISCLIENT_ECONNECT, "after 3 attempts");
  CHECK_INT(notes.asked, 2);
  redisclient_free(client);
  CHECK_INT(notes.ended, 0); /* the pipeline still has the client */
  redisclient_pipeline_free(notes.pipeline);
  CHECK_INT(notes.ended, 1);
}

/* destroy runs once, when options and clients have let go; the later of two settings counts. */
static void owners(const char *nobody) {
  struct notes first = {0}, second = {0}, third = {0};
  redisclient *one = NULL, *two = NULL;
  redisclient_options *options = options_with(&first, "1");
  CHECK_OK(redisclient_open(nobody, options, &one, &error));
  CHECK_OK(redisclient_open(nobody, options, &two, &error));
  second.options = options;
  CHECK_OK(redisclient_options_backoff(options, &OPS, &second, &error));
  CHECK_INT(first.ended, 0);
  redisclient_free(one);
  CHECK_INT(first.ended, 0);
  CHECK_FAILS(redisclient_command(two, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "");
  CHECK_INT(first.asked, 1);
  redisclient_free(two);
  CHECK_INT(first.ended, 1);
  CHECK_OK(redisclient_options_backoff(options, &OPS, &third, &error));
  CHECK_INT(second.ended, 1);
  third.options = options;
  CHECK_OK(redisclient_options_set(options, "retry.backoff", "none", &error));
  CHECK_INT(third.ended, 1);
  redisclient_options_free(options);
  CHECK(first.ended == 1 && second.ended == 1 && third.ended == 1);
  CHECK(second.asked == 0 && third.asked == 0);
}

/* The URL wins over options, and a failed open keeps nothing. */
static void url_wins(const char *nobody) {
  char url[512];
  struct notes notes = {0};
  redisclient_options *options = options_with(&notes, "1");
  redisclient *client = NULL;
  snprintf(url, sizeof url, "%s?retry.backoff=none", nobody);
  CHECK_OK(redisclient_open(url, options, &client, &error));
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("PING"), NULL, &error), REDISCLIENT_ECONNECT, "after 2 attempts");
  CHECK_INT(notes.asked, 0);
  snprintf(url, sizeof url, "%s?lazy=no", nobody);
  redisclient *none = NULL;
  CHECK_FAILS(redisclient_open(url, options, &none, &error), REDISCLIENT_ECONNECT, "");
  CHECK_INT(notes.ended, 0);
  redisclient_options_free(options);
  CHECK_INT(notes.ended, 1);
  redisclient_free(client);
  CHECK_INT(notes.ended, 1);
}

/* Structs of other versions, and wrong ones, which take nothing. */
static void sizes(void) {
  struct { redisclient_backoff_ops ops; void *later[4]; } wide = {OPS, {NULL}};
  struct notes notes = {0};
  redisclient_options *options = redisclient_options_new();
  redisclient_backoff_ops ops = OPS;
  const size_t bad[] = {0, 1, sizeof(size_t) - 1, 5000, SIZE_MAX};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ops.size = bad[i];
    CHECK_FAILS(redisclient_options_backoff(options, &ops, &notes, &error), REDISCLIENT_EINVAL, "sizeof(redisclient_backoff_ops)");
  }
  ops.size = sizeof ops - 1; /* half a function is none */
  CHECK_FAILS(redisclient_options_backoff(options, &ops, &notes, &error), REDISCLIENT_EINVAL, "cuts a field");
  ops.size = sizeof(size_t); /* no pause in it */
  CHECK_FAILS(redisclient_options_backoff(options, &ops, &notes, &error), REDISCLIENT_EINVAL, "pause is NULL");
  ops.size = sizeof ops;
  ops.pause = NULL;
  CHECK_FAILS(redisclient_options_backoff(options, &ops, &notes, &error), REDISCLIENT_EINVAL, "pause is NULL");
  wide.ops.size = sizeof wide;
  wide.later[2] = &notes;
  CHECK_FAILS(redisclient_options_backoff(options, &wide.ops, &notes, &error), REDISCLIENT_EINVAL, "does not know");
  CHECK_FAILS(redisclient_options_backoff(NULL, &OPS, &notes, &error), REDISCLIENT_EINVAL, "options is NULL");
  CHECK_FAILS(redisclient_options_backoff(options, NULL, &notes, &error), REDISCLIENT_EINVAL, "ops is NULL");
  CHECK_INT(redisclient_options_backoff(options, NULL, &notes, NULL), REDISCLIENT_EINVAL);
  CHECK_INT(notes.ended, 0);
  wide.later[2] = NULL;
  CHECK_OK(redisclient_options_backoff(options, &wide.ops, &notes, &error));
  CHECK_INT(notes.ended, 0);
  ops = OPS;
  ops.size = offsetof(redisclient_backoff_ops, destroy); /* none, then */
  CHECK_OK(redisclient_options_backoff(options, &ops, &notes, &error));
  CHECK_INT(notes.ended, 1);
  redisclient_options_free(options);
  CHECK_INT(notes.ended, 1);
}

/* retry.on says which refusals are tried again. */
static void which(const char *busy) {
  redisclient *client = open_client(busy);
  CHECK_FAILS(redisclient_command(client, REDISCLIENT_ARGS("SET", "k", "v"), NULL, &error), REDISCLIENT_ESERVER, "after 1 attempt ");
  redisclient_free(client);
  client = open_with(busy, "retry.on=connect,BUSY&retry.backoff=none");
  EXPECT(client, REDISCLIENT_REPLY_STATUS, "done", "SET", "k", "v");
  redisclient_free(client);
  static const char *const refused[][2] = {
      {"connect,auth", "authentication is never tried again"}, {"WRONGPASS", "authentication is never tried again"}, {"NOPERM", "authentication is never tried again"},
      {"NOAUTH", "authentication is never tried again"}, {"", "names separated by commas"}, {"conect", "names separated by commas"}, {"connect, BUSY", "names separated by commas"}};
  redisclient_options *options = redisclient_options_new();
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    CHECK_FAILS(redisclient_options_set(options, "retry.on", refused[i][0], &error), REDISCLIENT_EOPTION, refused[i][1]);
  redisclient_options_free(options);
}

/* How often a script ran that writes and then fails with `line`. */
static int64_t runs(redisclient *client, const char *line, uint32_t flags) {
  const char *const script = "redis.call('INCR', KEYS[1]) return redis.error_reply(ARGV[1])";
  redisclient_call call = REDISCLIENT_CALL_INIT;
  call.flags = flags;
  DO(client, "DEL", "retry:runs");
  CHECK(redisclient_command_call(client, &call, REDISCLIENT_ARGS("EVAL", script, "1", "retry:runs", line), NULL, NULL) >= REDISCLIENT_ESERVER);
  redisclient_reply *reply = RUN(client, "GET", "retry:runs");
  int64_t count = atoll(redisclient_reply_text(reply, NULL));
  redisclient_reply_free(reply);
  return count;
}

/* A script that may have written runs once, whatever word it fails with. */
static void scripts(const char *url) {
  redisclient *client = open_with(url, "retry.backoff=none&retry.count=2");
  CHECK_INT(runs(client, "TRYAGAIN the lock is held", 0), 1);
  CHECK_INT(runs(client, "LOADING the dice", 0), 1);
  CHECK_INT(runs(client, "TRYAGAIN the lock is held", REDISCLIENT_CALL_IDEMPOTENT), 3);
  redisclient_free(client);
  client = open_with(url, "retry.backoff=none&retry.count=2&retry.on=OOM");
  CHECK_INT(runs(client, "OOM command not allowed", 0), 1);
  CHECK_INT(runs(client, "OOM command not allowed", REDISCLIENT_CALL_IDEMPOTENT), 3);
  redisclient_free(client);
}

int main(int argc, char **argv) {
  (void)argc;
  const char *nobody = argument(argv, "nobody");
  told(nobody);
  gives_up(nobody);
  uses_the_client(argument(argv, "loading"));
  in_a_pipeline(nobody);
  owners(nobody);
  url_wins(nobody);
  sizes();
  which(argument(argv, "busy"));
  scripts(argument(argv, "url"));
  return check_result();
}
