/* Loaded before the C library: answers for the names that REDISCLIENT_TEST_NAMES lists, so that a
 * resolver can be made to hang, to fail, to change its mind.
 *
 *   "two.test=::1,127.0.0.1;moves.test=127.0.0.2/127.0.0.3;slow.test=sleep:30;none.test=none"
 *
 * Rules for a name stand between slashes, one for each call; the last stays. A rule is a list of
 * addresses, or sleep:SECONDS, none (no such name), again (try again), empty (success without any
 * address) or many:COUNT (127.77.0.1 and on). What a family was asked for is obeyed. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Marks the head of a list of ours: freeaddrinfo gets lists of both kinds. */
enum { OURS = 0x40000000, MOST_NAMES = 32, LONGEST = 4096 };

static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;
static int calls[MOST_NAMES];

/* Copies the rule for this call of `node`; 0 when the name is not listed. */
static int rule_of(const char *node, char *rule) {
  const char *names = getenv("REDISCLIENT_TEST_NAMES");
  size_t length = strlen(node);
  for (int index = 0; names && *names && index < MOST_NAMES; index++) {
    size_t whole = strcspn(names, ";");
    if (strncmp(names, node, length) == 0 && names[length] == '=') {
      pthread_mutex_lock(&counting);
      int call = calls[index]++;
      pthread_mutex_unlock(&counting);
      const char *at = names + length + 1, *end = names + whole;
      for (const char *slash; call > 0 && (slash = memchr(at, '/', (size_t)(end - at))); call--) at = slash + 1;
      size_t size = strcspn(at, "/;");
      if (size >= LONGEST) abort();
      memcpy(rule, at, size);
      rule[size] = 0;
      return 1;
    }
    names += whole + (names[whole] == ';');
  }
  return 0;
}

struct entry { struct addrinfo info; struct sockaddr_storage address; };

/* Puts an address before `list`; a text that is none, or of the wrong family, adds nothing. */
static void prepend(struct addrinfo **list, const char *text, const struct addrinfo *hints, const char *service) {
  struct entry *entry = calloc(1, sizeof *entry);
  struct sockaddr_in *four = (struct sockaddr_in *)&entry->address;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)&entry->address;
  in_port_t port = htons((in_port_t)(service ? atoi(service) : 0));
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    four->sin_family = AF_INET, four->sin_port = port;
    entry->info.ai_addrlen = sizeof *four;
  } else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6, six->sin6_port = port;
    entry->info.ai_addrlen = sizeof *six;
  }
  entry->info.ai_family = entry->address.ss_family;
  if (!entry->info.ai_addrlen || (hints && hints->ai_family && hints->ai_family != entry->info.ai_family)) {
    free(entry);
    return;
  }
  entry->info.ai_flags = OURS;
  entry->info.ai_socktype = hints && hints->ai_socktype ? hints->ai_socktype : SOCK_STREAM;
  entry->info.ai_protocol = IPPROTO_TCP;
  entry->info.ai_addr = (struct sockaddr *)&entry->address;
  entry->info.ai_next = *list;
  *list = &entry->info;
}

static int answer(char *rule, const struct addrinfo *hints, const char *service, struct addrinfo **out) {
  *out = NULL;
  if (strncmp(rule, "sleep:", 6) == 0) {
    sleep((unsigned)atoi(rule + 6));
    return EAI_AGAIN;
  }
  if (strcmp(rule, "none") == 0) return EAI_NONAME;
  if (strcmp(rule, "again") == 0) return EAI_AGAIN;
  if (strcmp(rule, "empty") == 0) return 0;
  if (strncmp(rule, "many:", 5) == 0) {
    for (int i = atoi(rule + 5); i > 0; i--) {
      char text[32];
      snprintf(text, sizeof text, "127.77.%d.%d", i / 250, i % 250 + 1);
      prepend(out, text, hints, service);
    }
  }
  /* From the last to the first. */
  for (char *comma; (comma = strrchr(rule, ',')); *comma = 0) prepend(out, comma + 1, hints, service);
  prepend(out, rule, hints, service);
  return *out ? 0 : EAI_NODATA;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out) {
  char rule[LONGEST];
  if (node && rule_of(node, rule)) return answer(rule, hints, service, out);
  int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  return real(node, service, hints, out);
}

void freeaddrinfo(struct addrinfo *list) {
  if (list && !(list->ai_flags & OURS)) {
    void (*real)(struct addrinfo *);
    *(void **)&real = dlsym(RTLD_NEXT, "freeaddrinfo");
    real(list);
    return;
  }
  while (list) {
    struct addrinfo *next = list->ai_next;
    free(list);
    list = next;
  }
}
