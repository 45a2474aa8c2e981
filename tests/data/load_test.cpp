#include "data/load.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "data/csv.h"
#include "data/gzip.h"
#include "data/idx.h"
#include "support/folder.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;

std::string complaint(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string csv_complaint(const std::string& text, const DataOptions& options = {}) {
  return complaint([&] { parse_csv(text, "t.csv", options); });
}

TEST(BuiltinSets, HaveTheirPublishedSizes) {
  const std::vector<std::tuple<DataSource, int64_t, int64_t, size_t>> sets{
      {DataSource::kIris, 150, 4, 3},
      {DataSource::kWine, 178, 13, 3},
      {DataSource::kBreastCancer, 569, 30, 2},
      {DataSource::kDiabetes, 442, 10, 0},
      {DataSource::kDigits, 1797, 64, 10}};
  for (const auto& [source, n, d, classes] : sets) {
    const auto data = load_data({.source = source}, 1).train;
    EXPECT_EQ(data.samples(), n);
    EXPECT_EQ(data.inputs.size(1), d);
    EXPECT_EQ(data.classes.size(), classes);
    EXPECT_TRUE(data.inputs.isfinite().all().item<bool>());
  }
}

TEST(BuiltinSets, HaveTheirPublishedMeans) {
  // Fisher's iris: mean sepal length 5.8433; class counts 50 each.
  const auto iris = load_data({.source = DataSource::kIris}, 1).train;
  EXPECT_NEAR(iris.inputs.select(1, 0).mean().item<double>(), 5.843333, 1e-6);
  EXPECT_EQ((iris.labels == 1).sum().item<int64_t>(), 50);
  const auto digits = load_data({.source = DataSource::kDigits}, 1).train;
  EXPECT_EQ(digits.inputs.max().item<double>(), 16);
  EXPECT_EQ((digits.labels == 0).sum().item<int64_t>(), 178);
}

TEST(LoadData, StandardizesByTheTrainingPart) {
  const auto split = load_data({.source = DataSource::kWine,
                                .standardize = Standardize::kInputs,
                                .test_fraction = 0.25},
                               1);
  EXPECT_EQ(split.train.samples() + split.test.samples(), 178);
  EXPECT_EQ(split.test.samples(), 45);
  EXPECT_LT(largest(split.train.inputs.mean(0)), 1e-12);
  EXPECT_LT(largest(split.train.inputs.square().mean(0) - 1), 1e-12);
  EXPECT_GT(largest(split.test.inputs.mean(0)), 1e-3);
}

TEST(LoadData, KeepsASubsetThatDependsOnTheSeedAlone) {
  const DataOptions options{.source = DataSource::kDigits, .subset = 100};
  EXPECT_EQ(load_data(options, 3).train.sha256, load_data(options, 3).train.sha256);
  EXPECT_NE(load_data(options, 3).train.sha256, load_data(options, 4).train.sha256);
}

TEST(LoadData, EncodesClasses) {
  const auto two = load_data({.source = DataSource::kMoons, .samples = 10}, 1).train;
  EXPECT_EQ(two.targets.size(1), 1);
  EXPECT_EQ(two.targets.abs().min().item<double>(), 1.0);
  const auto hot =
      load_data({.source = DataSource::kMoons, .samples = 10, .one_hot = true}, 1)
          .train;
  EXPECT_EQ(hot.targets.size(1), 2);
  EXPECT_LT(largest(hot.targets.sum(1) - 1), 1e-15);
}

TEST(LoadData, MakesEveryFamily) {
  for (const auto source : {DataSource::kSingleSample,
                            DataSource::kXor,
                            DataSource::kSine,
                            DataSource::kPolynomial,
                            DataSource::kBlobs,
                            DataSource::kMoons,
                            DataSource::kSpirals,
                            DataSource::kTeacher}) {
    const auto data =
        load_data({.source = source, .samples = 20, .noise = 0.1}, 1).train;
    EXPECT_EQ(data.samples(), source == DataSource::kSingleSample ? 1 : 20);
    EXPECT_TRUE(data.targets.isfinite().all().item<bool>());
  }
}

TEST(LoadData, ComputesItsCurves) {
  const auto sine =
      load_data({.source = DataSource::kSine, .samples = 9, .frequency = 2}, 1);
  EXPECT_LT(largest(sine.train.targets - (2 * sine.train.inputs).sin()), 1e-15);
  const auto cubic = load_data(
      {.source = DataSource::kPolynomial, .samples = 9, .coefficients = {1, 0, 0, 2}},
      1);
  const auto& x = cubic.train.inputs;
  EXPECT_LT(largest(cubic.train.targets - (1 + 2 * x * x * x)), 1e-15);
}

TEST(Csv, ReadsHeadersQuotesAndNamedTargets) {
  const auto data =
      parse_csv("y,\"a, b\",c\r\n1,2,\"3\"\r\n4,5,6\r\n", "t.csv", {.targets = {"y"}});
  EXPECT_EQ(data.inputs.size(1), 2);
  EXPECT_EQ(data.inputs[0][1].item<double>(), 3.0);
  EXPECT_EQ(data.targets[1][0].item<double>(), 4.0);
}

TEST(Csv, ReadsClassesInAStableOrder) {
  const auto data = parse_csv("1;b\n2;a\n3;b\n", "t.csv", {});
  EXPECT_EQ(data.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(data.labels[0].item<int64_t>(), 1);
  const auto digits =
      parse_csv("1,10\n2,9\n", "t.csv", {.target_kind = TargetKind::kClass});
  EXPECT_EQ(digits.classes, (std::vector<std::string>{"9", "10"}));
}

TEST(Csv, ReportsEveryFaultWithItsLine) {
  const auto text = csv_complaint("a,b,y\n1,x,1\n2,,1\nnan,3,inf\n");
  EXPECT_NE(text.find("t.csv:2: column 2 ('b'): expected a finite number, came 'x'"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find("t.csv:3: column 2 ('b'): expected a finite number, came nothing"),
      std::string::npos);
  EXPECT_NE(text.find("t.csv:4: column 1"), std::string::npos);
  EXPECT_NE(text.find("t.csv:4: column 3"), std::string::npos);
}

TEST(Csv, RefusesBrokenFiles) {
  EXPECT_NE(csv_complaint("1,2\n3,4,5\n").find("t.csv:2: expected 2 fields"),
            std::string::npos);
  for (const std::string text : {"",
                                 "\n\n",
                                 "a,b\n",
                                 "1\n2\n",
                                 "1,2\n",
                                 "1,\"2\n3,4\n",
                                 "1,x\n2,x\n",
                                 "1,2,\n2,3,\n"}) {
    EXPECT_NE(csv_complaint(text), "") << text;
  }
  EXPECT_NE(csv_complaint(std::string("PK\0\x01,\n", 7)), "");
  EXPECT_NE(csv_complaint("1,2\n3,4\n", {.targets = {"z"}}), "");
  EXPECT_NE(csv_complaint("1,2\n3,4\n", {.targets = {"3"}}), "");
  EXPECT_NE(csv_complaint("1,2\n3,4\n", {.targets = {"1", "1"}}), "");
  EXPECT_NE(csv_complaint("1,2\n3,4\n", {.targets = {"1", "2"}}), "");
}

std::string idx_header(unsigned char type, const std::vector<uint32_t>& sizes) {
  std::string out{'\0', '\0', static_cast<char>(type), static_cast<char>(sizes.size())};
  for (const auto n : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift);
  }
  return out;
}

std::string gzipped(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// One hidden layer whose weights depend on the seed alone: a sample has the same
// features in whichever part it stands.
TEST(LoadData, FrozenFeaturesAreOneLayerOfTheSeed) {
  DataOptions o{.source = DataSource::kMoons, .samples = 30, .features = 5};
  const auto all = load_data(o, 3).train;
  EXPECT_EQ(all.inputs.sizes().vec(), (std::vector<int64_t>{30, 5}));
  EXPECT_TRUE(load_data(o, 3).train.inputs.equal(all.inputs));
  EXPECT_FALSE(load_data(o, 4).train.inputs.equal(all.inputs));
  const auto plain = load_data({.source = DataSource::kMoons, .samples = 30}, 3).train;
  EXPECT_TRUE(all.targets.equal(plain.targets));
  // atanh of the features is affine in the inputs.
  const auto x = at::cat({plain.inputs, at::ones({30, 1}, torch::kFloat64)}, 1);
  const auto z = at::atanh(all.inputs);
  const auto weights = at::linalg_pinv(x).mm(z);
  EXPECT_LT((x.mm(weights) - z).abs().max().item<double>(), 1e-12);
  o.test_fraction = 0.4;
  const auto split = load_data(o, 3);
  const auto parts = at::cat({split.train.inputs, split.test.inputs});
  EXPECT_EQ(parts.size(0), 30);
  for (int64_t i = 0; i < 30; ++i) {
    const auto distance = (all.inputs - parts[i]).abs().amax(1).min().item<double>();
    EXPECT_EQ(distance, 0.0);
  }
  o = {.source = DataSource::kMoons,
       .samples = 30,
       .features = 5,
       .feature_activation = FeatureKind::kRelu};
  EXPECT_EQ(load_data(o, 3).train.inputs.min().item<double>(), 0.0);
}

TEST(Idx, ReadsImagesAndLabelsPlainAndPacked) {
  const testing::Folder folder;
  const auto images = idx_header(0x08, {2, 2, 1}) + std::string("\x00\xff\x80\x01", 4);
  write_file(folder.path() / "images.gz", gzipped(images));
  write_file(folder.path() / "labels",
             idx_header(0x08, {2}) + std::string("\x07\x03", 2));
  const auto data = read_idx({.file = (folder.path() / "images.gz").string(),
                              .labels = (folder.path() / "labels").string()});
  EXPECT_EQ(data.inputs.sizes().vec(), (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(data.inputs[0][1].item<double>(), 1.0);
  EXPECT_EQ(data.classes, (std::vector<std::string>{"3", "7"}));
  EXPECT_EQ(data.labels[0].item<int64_t>(), 1);
}

TEST(Idx, ReadsBigEndianNumbers) {
  const auto ints =
      parse_idx(idx_header(0x0c, {1}) + std::string("\xff\xff\xff\xfe", 4), "t");
  EXPECT_EQ(ints[0].item<double>(), -2.0);
  const auto floats =
      parse_idx(idx_header(0x0d, {1}) + std::string("\x3f\x80\0\0", 4), "t");
  EXPECT_EQ(floats[0].item<double>(), 1.0);
}

TEST(Idx, SaysWhichFileHoldsImagesWhereLabelsAreExpected) {
  const testing::Folder folder;
  const auto images = (folder.path() / "images").string();
  const auto labels = (folder.path() / "labels").string();
  write_file(images, idx_header(0x08, {2, 2, 1}) + "abcd");
  write_file(labels, idx_header(0x08, {2}) + "ab");
  const auto refused = [](const std::string& file, const std::string& as_labels) {
    return complaint([&] { read_idx({.file = file, .labels = as_labels}); });
  };
  EXPECT_EQ(refused(images, images),
            images +
                ": data.labels: expected labels (IDX with one dimension), came 2 "
                "samples in 3 dimensions, as images are stored");
  EXPECT_EQ(refused(labels, labels),
            labels +
                ": data.file: expected samples (IDX with 2 to 4 dimensions), came 2 "
                "numbers in one dimension, as labels are stored");
  const auto both = refused(labels, images);
  EXPECT_NE(both.find("data.file"), std::string::npos);
  EXPECT_NE(both.find("data.labels"), std::string::npos);
  const auto gone = refused(images + "1", labels + "1");
  EXPECT_NE(gone.find("images1"), std::string::npos);
  EXPECT_NE(gone.find("labels1"), std::string::npos);
  write_file(labels, idx_header(0x0d, {2}) + std::string("\x3f\0\0\0\0\0\0\0", 8));
  EXPECT_NE(refused(images, labels).find("came fractions"), std::string::npos);
}

TEST(Idx, RefusesBrokenFiles) {
  const auto whole = idx_header(0x08, {2, 2}) + std::string("abcd", 4);
  for (const auto& bytes :
       {std::string(),
        std::string("abc"),
        whole.substr(0, 9),
        whole.substr(0, whole.size() - 1),
        whole + "x",
        idx_header(0x07, {1}) + "a",
        idx_header(0x08, {}) + "aaaa",
        idx_header(0x08, {0}),
        idx_header(0x08, {0xffffffff, 0xffffffff, 0xffffffff}) + "a"}) {
    EXPECT_NE(complaint([&] { parse_idx(bytes, "t.idx"); }), "");
  }
}

TEST(Gzip, SaysWhetherAFileIsTruncatedOrDamaged) {
  std::string text(1000, 'a');
  text.append("end");
  auto packed = gzipped(text);
  EXPECT_EQ(gunzip(packed, "t").size(), 1003u);
  const auto cut =
      complaint([&] { gunzip(packed.substr(0, packed.size() / 2), "t.gz"); });
  EXPECT_NE(cut.find("truncated"), std::string::npos);
  packed[packed.size() / 2] ^= 0x55;
  EXPECT_NE(complaint([&] { gunzip(packed, "t.gz"); }), "");
}

}  // namespace
}  // namespace basin
