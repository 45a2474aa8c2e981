#include "data/csv.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "data/csv_rows.h"

namespace basin {
namespace {

using Lines = std::vector<std::string>;

Lines faults_of(const std::string& text,
                const DataOptions& options = {},
                TargetUse use = TargetUse::kAny) {
  try {
    parse_csv(text, "t.csv", options, use);
  } catch (const InputError& error) {
    return error.complaints();
  }
  return {};
}

std::string fault_of(const std::string& text,
                     const DataOptions& options = {},
                     TargetUse use = TargetUse::kAny) {
  const auto lines = faults_of(text, options, use);
  EXPECT_EQ(lines.size(), 1u) << text;
  return lines.empty() ? "" : lines[0];
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CsvWidths, AHeaderWiderThanItsRowsIsAnError) {
  EXPECT_EQ(fault_of("a,b,c,d,e,f\n1,2\n3,4\n", {.targets = {}}),
            "t.csv:1: expected 2 names in the header, one for each field of the rows "
            "below, came 6");
  EXPECT_EQ(faults_of("a,b,c,d,e,f\n1,2\n3,4\n", {.targets = {"f"}}).size(), 1u);
  EXPECT_EQ(faults_of("a,b,c\n1,2\n3,4\n").size(), 1u);
}

TEST(CsvWidths, AHeaderNarrowerThanItsRowsIsAnErrorWithALikelyCause) {
  EXPECT_TRUE(says(fault_of("a,b\n1,2,\n3,4,\n"), "end in a delimiter"));
  EXPECT_TRUE(says(fault_of("a,b\n1,2,5\n3,4,6\n"), "row names"));
}

TEST(CsvWidths, EveryRaggedRowIsReportedAndTheRestCounted) {
  EXPECT_EQ(faults_of("a,b\n1,2\n1,2,3\n3,4\n5\n6,7\n"),
            (Lines{"t.csv:3: expected 2 fields as in most rows, came 3",
                   "t.csv:5: expected 2 fields as in most rows, came 1"}));
  std::string text = "a,b\n";
  for (int i = 0; i < 60; ++i) text += i % 2 == 0 ? "1,2\n" : "1,2,3\n";
  const auto lines = faults_of(text);
  ASSERT_EQ(lines.size(), 21u);
  EXPECT_EQ(lines[0], "t.csv:3: expected 2 fields as in most rows, came 3");
  EXPECT_EQ(lines[20], "t.csv: and 10 more");
}

TEST(CsvNumbers, AStrayCellInANumberColumnIsNoClass) {
  const std::string head = "x,price\n1,1.5\n2,3.1\n3,";
  const std::string tail = "\n4,6.2\n5,7.0\n";
  EXPECT_EQ(fault_of(head + "NA" + tail),
            "t.csv:4: column 2 ('price'): expected a finite number, came 'NA'");
  EXPECT_TRUE(says(fault_of(head + "\"1,234.5\"" + tail), "thousands separators"));
  EXPECT_TRUE(says(fault_of(head + "\"3,1\"" + tail), "decimal comma"));
  EXPECT_TRUE(says(fault_of(head + "about 4" + tail), "target_kind: class"));
  EXPECT_TRUE(says(fault_of(head + "+-4" + tail), "came '+-4'"));
  EXPECT_TRUE(says(fault_of(head + "1e999" + tail), "came '1e999'"));
  // Half unknown, with fractions among the rest: still numbers.
  EXPECT_EQ(faults_of("1,1.5\n2,unknown\n3,unknown\n4,2.5\n5,unknown\n").size(), 3u);
}

TEST(CsvNumbers, EveryStrayCellIsReportedInTheOrderOfLines) {
  EXPECT_EQ(faults_of("a,y\n1,2\nx,NA\n2,3\n4,?\n5,\n"),
            (Lines{"t.csv:3: column 1 ('a'): expected a finite number, came 'x'",
                   "t.csv:3: column 2 ('y'): expected a finite number, came 'NA'",
                   "t.csv:5: column 2 ('y'): expected a finite number, came '?'",
                   "t.csv:6: column 2 ('y'): expected a finite number, came nothing"}));
}

TEST(CsvNumbers, AColumnOfWordsIsOneFaultWhereNumbersAreExpected) {
  EXPECT_TRUE(
      says(fault_of("a,city,y\n1,Bonn,1\n2,Ulm,2\n3,Bonn,3\n"),
           "t.csv:2: column 2 ('city'): expected numbers, came words in 3 of 3"));
  EXPECT_TRUE(says(fault_of("1,2,\n2,3,\n"), "came nothing in all rows"));
  EXPECT_TRUE(says(fault_of("1,a\n2,b\n", {.target_kind = TargetKind::kNumeric}),
                   "came words"));
}

TEST(CsvNumbers, ADecimalCommaThatFitsIsOfferedAndRead) {
  const std::string text = "x;y\n1,5;2,25\n2;3,5\n-0,5;1e-3\n";
  const auto lines = faults_of(text);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(says(lines[0], "t.csv:2: column 1 ('x')")) << lines[0];
  EXPECT_TRUE(says(lines[0], "data.decimal: comma"));
  const auto data = parse_csv(text, "t.csv", {.decimal = DecimalMark::kComma});
  EXPECT_EQ(data.inputs[0][0].item<double>(), 1.5);
  EXPECT_EQ(data.inputs[2][0].item<double>(), -0.5);
  EXPECT_EQ(data.targets[0][0].item<double>(), 2.25);
  EXPECT_EQ(data.targets[2][0].item<double>(), 1e-3);
  // Without a header the first row is not taken for one.
  EXPECT_EQ(faults_of("1,5;2,5\n2,5;3,5\n").size(), 2u);
  // Neither mark is read as the other one's thousands.
  EXPECT_TRUE(says(fault_of("1;1.234\n2;5,5\n", {.decimal = DecimalMark::kComma}),
                   "decimal point or a thousands separator"));
  EXPECT_TRUE(says(fault_of("1;\"1,234\"\n2;\"5,678\"\n"), "thousands separators"));
}

TEST(CsvClasses, WordsAreClassesAndNumbersOnDemand) {
  EXPECT_EQ(parse_csv("1,a\n2,b\n3,7\n", "t", {}).classes, (Lines{"7", "a", "b"}));
  const DataOptions classes{.target_kind = TargetKind::kClass};
  EXPECT_EQ(parse_csv("1,0.5\n2,.25\n", "t", classes).classes, (Lines{".25", "0.5"}));
  const auto same = parse_csv("1,1.0\n2,1\n3,2\n", "t", classes);
  EXPECT_EQ(same.classes, (Lines{"1", "2"}));
  EXPECT_EQ(same.labels[0].item<int64_t>(), 0);
  EXPECT_EQ(parse_csv("1,4\n2,5\n", "t", {}, TargetUse::kClasses).classes.size(), 2u);
}

TEST(CsvClasses, AMissingLabelIsNoClass) {
  EXPECT_EQ(fault_of("1,a\n2,b\n3,NA\n"),
            "t.csv:3: column 2: expected a class, came 'NA'");
  const DataOptions classes{.target_kind = TargetKind::kClass};
  EXPECT_EQ(fault_of("1,1\n2,2\n3,nan\n", classes),
            "t.csv:3: column 2: expected a class, came 'nan'");
  // Namibia.
  EXPECT_EQ(parse_csv("1,DE\n2,NA\n", "t", classes).classes, (Lines{"DE", "NA"}));
}

TEST(CsvClasses, SoftLabelsUnderAClassLossNameTheLossThatTakesThem) {
  const std::string soft = "x,y\n1,0.2\n2,0.8\n3,0.5\n";
  const auto text = fault_of(soft, {}, TargetUse::kClasses);
  EXPECT_TRUE(says(text, "t.csv:2: column 2 ('y')")) << text;
  EXPECT_TRUE(says(text, "came '0.2'"));
  EXPECT_TRUE(says(text, "probabilities"));
  EXPECT_TRUE(says(text, "sigmoid_cross_entropy"));
  EXPECT_TRUE(says(text, "target_kind: numeric"));
  EXPECT_FALSE(parse_csv(soft, "t", {}).has_classes());
  const DataOptions asked{.target_kind = TargetKind::kClass};
  EXPECT_EQ(parse_csv(soft, "t", asked, TargetUse::kClasses).classes.size(), 3u);
}

TEST(CsvClasses, MeasurementsUnderAClassLossNameTheLossesThatTakeThem) {
  std::string whole = "x,y\n";
  for (int i = 0; i < 30; ++i) whole += fmt::format("{},{}\n", i, 7 * i);
  for (const auto& text : {whole, std::string("1,1.5\n2,20.25\n")}) {
    const auto fault = fault_of(text, {}, TargetUse::kClasses);
    EXPECT_TRUE(says(fault, "measurements")) << fault;
    EXPECT_TRUE(says(fault, "mse"));
    EXPECT_TRUE(says(fault, "target_kind: class"));
  }
  // 26 classes with 3 rows each are classes.
  std::string letters = "x,y\n";
  for (int i = 0; i < 78; ++i) letters += fmt::format("{},{}\n", i, i % 26);
  EXPECT_EQ(parse_csv(letters, "t", {}, TargetUse::kClasses).classes.size(), 26u);
}

TEST(CsvRows, TheDelimiterIsFoundOutsideQuotes) {
  EXPECT_EQ(csv_delimiter("\"a,b\";\"c,d\"\n1;2\n", "auto"), ';');
  EXPECT_EQ(csv_delimiter("\"a;b\",\"c\"\n1,2\n", "auto"), ',');
  EXPECT_EQ(csv_delimiter("\"say \"\"a;b\"\"\",c\n1,2\n", "auto"), ',');
  EXPECT_EQ(csv_delimiter("1,5;2,5\n2,5;3,5\n", "auto"), ';');
  EXPECT_EQ(csv_delimiter("a\tb\n1,5\t2,5\n", "auto"), '\t');
  EXPECT_EQ(csv_delimiter("a|b\n1|2\n", "auto"), '|');
  EXPECT_EQ(csv_delimiter("a,\"x\ny;z\"\n1,2\n", "auto"), ',');
  EXPECT_EQ(csv_delimiter("a,b;c\n1,2\n3,4\n", "auto"), ',');
  const auto data = parse_csv("\"a,b\";\"c,d\"\n1;2\n3;4\n", "t", {.targets = {"a,b"}});
  EXPECT_EQ(data.targets[1][0].item<double>(), 3);
}

TEST(CsvRows, EveryKindOfFileEndsInTheSameNumbers) {
  for (const std::string text : {"a,b\n1,2\n3,4\n",
                                 "a,b\r\n1,2\r\n3,4\r\n",
                                 "a,b\r1,2\r3,4\r",
                                 "\xef\xbb\xbf\"a\",\"b\"\n1,2\n3,4",
                                 "\n\na,b\n\n1,2\n  \n3,4\n\n\n",
                                 " a , \"b\" \n 1 , \"2\" \n+3,4.0\n",
                                 "a;b\n1;2\n3;4\n",
                                 "a\tb\n1\t2\n3\t4\n"}) {
    const auto data = parse_csv(text, "t", {.targets = {"b"}});
    ASSERT_EQ(data.samples(), 2) << text;
    EXPECT_EQ(data.inputs[1][0].item<double>(), 3) << text;
    EXPECT_EQ(data.targets[0][0].item<double>(), 2) << text;
  }
}

TEST(CsvRows, LinesAreCountedThroughQuotesAndEmptyLines) {
  EXPECT_TRUE(says(fault_of("\"a\nb\",y\n\n1,2\n3,NA\n4,5\n"), "t.csv:5: column 2"));
}

TEST(CsvRows, WhatIsNoTextIsRefused) {
  EXPECT_TRUE(says(fault_of("a,b\n1,\"2\n3,4\n"), "t.csv:2: expected a closing quote"));
  EXPECT_TRUE(says(fault_of("a,b\n1,\"2\"3\n3,4\n"), "t.csv:2: expected a delimiter"));
  EXPECT_TRUE(says(fault_of("K\xf6ln,b\n1,2\n3,4\n"), "t.csv:1: expected UTF-8"));
  EXPECT_TRUE(says(fault_of(std::string("\xff\xfe"
                                        "1\0",
                                        4)),
                   "UTF-16"));
  EXPECT_TRUE(says(fault_of(std::string("\0\0\x08\x01\0\0\0\x01x", 9)), "IDX"));
}

TEST(CsvTargets, EveryWrongNameIsReportedWithTheNamesThereAre) {
  const auto lines =
      faults_of("a,b,b\n1,2,3\n4,5,6\n", {.targets = {"z", "4", "b", "0"}});
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_TRUE(says(lines[0], "'a', 'b', 'b') or a number from 1 to 3, came 'z'"))
      << lines[0];
  EXPECT_TRUE(says(lines[2], "which several have"));
}

// A constant column is a column, and equal inputs may have different targets.
TEST(CsvTargets, TwoMediansAreFourSamples) {
  const auto data = parse_csv("x,y\n0,1\n0,2\n0,3\n0,10\n", "t", {});
  EXPECT_EQ(data.inputs.sizes().vec(), (std::vector<int64_t>{4, 1}));
  EXPECT_EQ(data.targets.sum().item<double>(), 16);
  EXPECT_FALSE(data.has_classes());
}

std::string random_piece(RandomStream& random) {
  static const Lines pieces{",",        ";",
                            "\t",       "|",
                            "\n",       "\r\n",
                            "\"",       "\"\"",
                            "1",        "2",
                            "-3.5",     "1,5",
                            "1.234",    "1e9",
                            "nan",      "inf",
                            "NA",       "a",
                            "b",        " ",
                            "1e999",    "+",
                            "-",        ".",
                            "1,234.5",  "\xef\xbb\xbf",
                            "\xc3\xb6", "\xff",
                            "'"};
  return pieces[static_cast<size_t>(random.uniform() *
                                    static_cast<double>(pieces.size()))];
}

TEST(CsvFuzz, AnyTextIsReadOrRefused) {
  RandomStream random(7, Stream::kData, 0);
  const auto below = [&](size_t n) {
    return static_cast<size_t>(random.uniform() * static_cast<double>(n));
  };
  int64_t read = 0, refused = 0;
  for (int trial = 0; trial < 6000; ++trial) {
    std::string text = trial % 3 == 0 ? "" : "a,b,y\n1,2,3\n4,5,6\n7,8,9\n10,11,12\n";
    for (size_t k = below(trial % 3 == 0 ? 60 : 4); k > 0; --k) {
      const auto at = below(text.size() + 1);
      const auto kind = below(4);
      if (kind == 0) {
        text.insert(at, 1, static_cast<char>(below(256)));
      } else if (kind == 1 && at < text.size()) {
        text.erase(at, 1 + below(8));
      } else {
        text.insert(at, random_piece(random));
      }
    }
    DataOptions options{
        .header = static_cast<HeaderKind>(below(3)),
        .delimiter = Lines{"auto", "tab", ",", ";", "\"", " "}[below(6)],
        .decimal = static_cast<DecimalMark>(below(2)),
        .target_kind = static_cast<TargetKind>(below(3))};
    if (below(2) == 0) options.targets = {Lines{"y", "a", "1", "7", ""}[below(5)]};
    if (below(4) == 0) options.targets.push_back("b");
    try {
      const auto data =
          parse_csv(text, "fuzz.csv", options, static_cast<TargetUse>(below(2)));
      ++read;
      ASSERT_TRUE(data.inputs.isfinite().all().item<bool>()) << text;
      ASSERT_NE(data.targets.defined(), data.has_classes()) << text;
      if (data.targets.defined()) {
        ASSERT_TRUE(data.targets.isfinite().all().item<bool>()) << text;
      }
      if (data.labels.defined()) {
        ASSERT_LT(data.labels.max().item<int64_t>(),
                  static_cast<int64_t>(data.classes.size()));
      }
    } catch (const InputError& error) {
      ++refused;
      ASSERT_FALSE(error.complaints().empty());
      ASSERT_LE(error.complaints().size(), 21u);
    }
  }
  EXPECT_GT(read, 200);
  EXPECT_GT(refused, 200);
}

}  // namespace
}  // namespace basin
