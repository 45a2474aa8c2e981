#include "data/builtin.h"

#include <string_view>

#include "core/error.h"
#include "data/csv.h"
#include "data/gzip.h"

// The assembler copies the file into the read-only data of the program.
#define BASIN_EMBED(symbol, file)             \
  asm(".section .rodata\n"                    \
      ".global basin_set_" #symbol            \
      "\n"                                    \
      ".global basin_set_" #symbol            \
      "_end\n"                                \
      "basin_set_" #symbol                    \
      ":\n"                                   \
      ".incbin \"" BASIN_SETS_DIR "/" file    \
      ".csv.gz\"\n"                           \
      "basin_set_" #symbol                    \
      "_end:\n"                               \
      ".byte 0\n"                             \
      ".previous\n");                         \
  extern "C" const char basin_set_##symbol[]; \
  extern "C" const char basin_set_##symbol##_end[];

BASIN_EMBED(iris, "iris")
BASIN_EMBED(wine, "wine")
BASIN_EMBED(breast_cancer, "breast_cancer")
BASIN_EMBED(diabetes, "diabetes")
BASIN_EMBED(digits, "digits")

namespace basin {
namespace {

struct Embedded {
  const char* name;
  const char* begin;
  const char* end;
  bool classes;
};

Embedded embedded(DataSource source) {
  switch (source) {
    case DataSource::kIris:
      return {"iris", basin_set_iris, basin_set_iris_end, true};
    case DataSource::kWine:
      return {"wine", basin_set_wine, basin_set_wine_end, true};
    case DataSource::kBreastCancer:
      return {
          "breast_cancer", basin_set_breast_cancer, basin_set_breast_cancer_end, true};
    case DataSource::kDiabetes:
      return {"diabetes", basin_set_diabetes, basin_set_diabetes_end, false};
    case DataSource::kDigits:
      return {"digits", basin_set_digits, basin_set_digits_end, true};
    default:
      throw ContractError("builtin_set: this source is not built in");
  }
}

}  // namespace

Dataset builtin_set(const DataOptions& options) {
  const auto set = embedded(options.source);
  const std::string_view packed(set.begin, static_cast<size_t>(set.end - set.begin));
  return parse_csv(
      gunzip(packed, set.name),
      set.name,
      {.header = HeaderKind::kYes,
       .target_kind = set.classes ? TargetKind::kClass : TargetKind::kNumeric});
}

}  // namespace basin
