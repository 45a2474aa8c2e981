#pragma once

#include "cli/arguments.h"
#include "cli/session.h"

namespace basin {

void check_command(const Arguments& arguments, const Settings& settings);
void list_command(const Arguments& arguments);
void compare_command(const Arguments& arguments);
void verify_command(const Arguments& arguments, const Settings& settings);
void show_command(const Arguments& arguments);
void export_command(const Arguments& arguments);
void run_command(const Arguments& arguments, const Settings& settings);

}  // namespace basin
