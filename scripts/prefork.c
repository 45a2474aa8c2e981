// A program started once and run many times: preloaded, it holds the program just before
// main, when its shared libraries are loaded and initialised (nine tenths of a short
// `runner verify`), and forks one process per request. scripts/flips.py builds and uses it.
//
// Requests on standard input, one a line: the file for the output, a tab, then the
// arguments, tab by tab. Answers on standard output, one a line: the exit status, or minus
// the signal that ended the process. A process may run 120 seconds, then SIGALRM ends it.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int Main(int, char **, char **);
typedef int Start(Main *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

enum { ARGUMENTS = 32, LIMIT_SECONDS = 120 };

Start __libc_start_main;

// The process ends here, after the destructors of the program and before those of its
// libraries, which are not under test and would take most of the time left.
static void leave(int status, void *unused) {
  (void)unused;
  fflush(NULL);
  _exit(status);
}

int __libc_start_main(Main *entry, int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end) {
  Start *start = (Start *)dlsym(RTLD_NEXT, "__libc_start_main");
  if (!getenv("PREFORK")) return start(entry, argc, argv, init, fini, rtld_fini, stack_end);
  unsetenv("LD_PRELOAD");
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, stdin) > 0) {
    line[strcspn(line, "\n")] = 0;
    char *args[ARGUMENTS + 1] = {argv[0]};
    int count = 1;
    char *output = strtok(line, "\t");
    for (char *a; count < ARGUMENTS && (a = strtok(NULL, "\t"));) args[count++] = a;
    pid_t child = fork();
    if (child == 0) {
      int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
      int nothing = open("/dev/null", O_RDONLY);
      if (file < 0 || nothing < 0) _exit(126);
      dup2(nothing, 0), dup2(file, 1), dup2(file, 2);
      alarm(LIMIT_SECONDS);
      on_exit(leave, NULL);
      return start(entry, count, args, init, fini, NULL, stack_end);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0) _exit(125);
    printf("%d\n", WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
    fflush(stdout);
  }
  _exit(0);
}
