#include <fmt/format.h>

#include <filesystem>
#include <new>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/import.h"
#include "config/write.h"
#include "core/error.h"
#include "core/file.h"
#include "core/machine.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/stop.h"

namespace basin {
namespace {

// plotly.js beside an installed program, or where set-up put it in the source tree.
std::string find_plotly() {
  std::error_code error;
  const auto program =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& path :
       {program / "../share/basin/plotly.js", std::filesystem::path(BASIN_PLOTLY)}) {
    if (std::filesystem::exists(path, error)) return read_file(path, int64_t{1} << 25);
  }
  return "";
}

int dispatch(const Arguments& arguments) {
  const Settings settings{.root = arguments.out,
                          .threads = arguments.threads,
                          .quiet = arguments.quiet,
                          .revision = BASIN_REVISION,
                          .plotly = arguments.command == "run" ? find_plotly() : ""};
  if (arguments.quiet) silence_progress();
  if (arguments.command == "help") {
    fmt::print("{}", usage());
  } else if (arguments.command == "version") {
    fmt::print("basin {}\n", BASIN_REVISION);
  } else if (arguments.command == "schema") {
    fmt::print("{}\n", json_schema());
  } else if (arguments.command == "check") {
    check_command(arguments, settings);
  } else if (arguments.command == "list") {
    list_command(arguments);
  } else if (arguments.command == "show") {
    show_command(arguments);
  } else if (arguments.command == "compare") {
    compare_command(arguments);
  } else if (arguments.command == "verify") {
    verify_command(arguments, settings);
  } else if (arguments.command == "export") {
    export_command(arguments);
  } else if (arguments.command == "import") {
    import_command(arguments, settings);
  } else {
    run_command(arguments, settings);
  }
  return 0;
}

int run(int argc, char** argv) {
  try {
    const auto arguments = parse_arguments({argv + 1, argv + argc});
    if (arguments.command == "run") restart_with_better_kernels(argv);
    keep_freed_memory();
    use_one_library_thread();
    catch_stop_signals();
    return dispatch(arguments);
  } catch (const InputError& error) {
    for (const auto& complaint : error.complaints())
      fmt::print(stderr, "{}\n", complaint);
    return 2;
  } catch (const Stopped&) {
    fmt::print(stderr,
               "\nstopped; what was finished is kept, the same command continues\n");
    return 130;
  } catch (const StorageError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 3;
  } catch (const NumericError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 3;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "out of memory: see what 'runner check' estimates\n");
    return 3;
  } catch (const std::exception& error) {
    fmt::print(stderr, "a fault of basin, please report it: {}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace basin

int main(int argc, char** argv) { return basin::run(argc, argv); }
