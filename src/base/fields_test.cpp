#include "base/fields.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "base/describe.hpp"

namespace dmaas {
namespace {

using namespace std::chrono_literals;

enum class Colour { red, light_blue };
constexpr auto names_of(Colour) {
  return std::to_array<std::string_view>({"Red", "LightBlue"});
}

struct Wheel {
  std::string name;
  std::optional<std::int32_t> spokes;
  bool operator==(const Wheel&) const = default;

  static void fields(auto& self, auto&& field) {
    field("name", self.name, "Where it is.", rule::required,
          rule::pattern("^[a-z]+$", "must be lower-case letters"));
    field("spokes", self.spokes, "How many.", rule::minimum(3), rule::maximum(40));
  }
};

struct Car {
  std::string title = "car";
  bool fast = false;
  std::int64_t weight = 0;
  double price = 0;
  Colour colour = Colour::red;
  std::chrono::nanoseconds warranty{0};
  std::optional<Timestamp> built;
  Quantity tank;
  std::vector<Wheel> wheels;
  std::map<std::string, std::string> labels;
  JsonObject extra;
  std::optional<Wheel> spare;

  static void fields(auto& self, auto&& field) {
    field("title", self.title, "Shown to people.", rule::with_default, rule::max_length(8));
    field("fast", self.fast, "Fast.");
    field("weight", self.weight, "In kilograms.", rule::always);
    field("price", self.price, "Price.");
    field("colour", self.colour, "Colour.", rule::with_default);
    field("warranty", self.warranty, "Warranty.");
    field("built", self.built, "When it was built.");
    field("tank", self.tank, "Volume.");
    field("wheels", self.wheels, "All wheels.", rule::keys("name"), rule::max_items(4));
    field("labels", self.labels, "Labels.");
    field("extra", self.extra, "Free form.");
    field("spare", self.spare, "Spare wheel.", rule::immutable);
    field.rule("size(self.wheels) != 1", "a car cannot stand on one wheel");
  }
};

struct Lamp {
  std::int32_t watts = 0;
  static void fields(auto& self, auto&& field) { field("watts", self.watts, "Power."); }
};

struct Body {
  Lamp bonnet;
  std::optional<Wheel> boot;
  static void fields(auto& self, auto&& field) {
    field("bonnet", self.bonnet, "In front.");
    field("boot", self.boot, "Behind.");
  }
};

Json parsed(std::string_view text) {
  return *parse_json(text);
}
std::string problem(std::string_view text) {
  auto car = from_json<Car>(parsed(text), "spec");
  return car ? "" : car.error().message();
}

TEST(FieldsTest, LeavesOutWhatAFreshStructHas) {
  EXPECT_EQ(to_text(to_json(Car{})), R"({"weight":0})");
}

TEST(FieldsTest, ComesBackEqualFromItsJson) {
  auto text =
      R"({"title":"bus","fast":true,"weight":7,"price":1.5E0,"colour":"LightBlue","warranty":"1h30m",)"
      R"("built":"2026-01-02T03:04:05Z","tank":"2Gi","wheels":[{"name":"left"},{"name":"right","spokes":9}],)"
      R"("labels":{"a":"b"},"extra":{"x":[1]},"spare":{"name":"back"}})";
  auto car = from_json<Car>(parsed(text));
  ASSERT_TRUE(car) << car.error().message();
  EXPECT_EQ(car->colour, Colour::light_blue);
  EXPECT_EQ(car->warranty, 90min);
  EXPECT_EQ(car->wheels[1].spokes, 9);
  EXPECT_EQ(to_text(to_json(*car)), text);
}

TEST(FieldsTest, NamesThePathOfEveryProblem) {
  EXPECT_EQ(problem(R"({"wheels":[{"name":"left"},{"name":"Right","spokes":2}],"fast":1})"),
            "spec.fast: must be true or false, not 1; spec.wheels[1].name: 'Right' must be "
            "lower-case letters; "
            "spec.wheels[1].spokes: must be at least 3, not 2");
  EXPECT_EQ(problem(R"({"spare":{}})"), "spec.spare.name: is required");
  EXPECT_EQ(problem(R"({"colour":"Green"})"),
            "spec.colour: must be one of Red, LightBlue, not \"Green\"");
  EXPECT_EQ(problem(R"({"title":"much too long"})"),
            "spec.title: must have at most 8 characters, not 13");
  EXPECT_EQ(problem(R"({"warranty":"soon"})"),
            "spec.warranty: 'soon' is not a duration such as 90s, 15m or 1h30m");
  EXPECT_EQ(problem(R"({"tank":"much"})"),
            "spec.tank: 'much' is not a quantity such as 512Mi or 2Gi");
  EXPECT_EQ(problem(R"([])"), "spec: must be an object, not []");
}

TEST(FieldsTest, RefusesListEntriesWithTheSameKey) {
  EXPECT_EQ(problem(R"({"wheels":[{"name":"a"},{"name":"a"}]})"),
            "spec.wheels: 'a' appears more than once; give each entry its own name");
}

TEST(FieldsTest, StopsCollectingAfterTenProblems) {
  std::string wheels = "[";
  for (int i = 0; i < 50; ++i) wheels += R"({"name":1},)";
  wheels.back() = ']';
  auto text = problem(R"({"wheels":)" + wheels + "}");
  EXPECT_EQ(std::ranges::count(text, ';'), 9);
}

TEST(FieldsTest, RefusesNumbersThatDoNotFit) {
  EXPECT_EQ(problem(R"({"spare":{"name":"x","spokes":5000000000}})"),
            "spec.spare.spokes: must be a 32-bit number, not 5000000000");
}

TEST(FieldsTest, ReportsUnknownFieldsWhenAsked) {
  std::vector<std::string> unknown;
  ASSERT_TRUE(from_json<Car>(parsed(R"({"wings":2,"wheels":[{"name":"a","tyre":1}]})"), "spec",
                             {.unknown_fields = &unknown}));
  EXPECT_EQ(unknown, (std::vector<std::string>{"spec.wheels[0].tyre", "spec.wings"}));
}

TEST(FieldsTest, IgnoresRulesButNotTypesWhenAsked) {
  DecodeOptions options{.rules = DecodeOptions::Rules::ignore};
  EXPECT_TRUE(from_json<Car>(parsed(R"({"spare":{},"title":"much too long"})"), "", options));
  EXPECT_FALSE(from_json<Car>(parsed(R"({"fast":"yes"})"), "", options));
}

TEST(FieldsTest, KeepsUnknownMembersOfObjects) {
  auto source = parsed(R"({"wings":2,"spare":{"name":"back","tyre":1},"fast":true})");
  auto car = *from_json<Car>(source);
  car.fast = false;
  auto encoded = to_json(car);
  keep_unknown(description_of<Car>(), source, encoded);
  EXPECT_EQ(to_text(encoded), R"({"weight":0,"spare":{"name":"back","tyre":1},"wings":2})");
}

TEST(FieldsTest, KeepsUnknownMembersOfANestedStructThatIsLeftOut) {
  auto source = parsed(R"({"bonnet":{"shape":"round"},"boot":{"name":"b"}})");
  auto encoded = to_json(*from_json<Body>(source));
  keep_unknown(description_of<Body>(), source, encoded);
  EXPECT_EQ(to_text(encoded), R"({"boot":{"name":"b"},"bonnet":{"shape":"round"}})");
  Body bare;
  encoded = to_json(bare);
  keep_unknown(description_of<Body>(), parsed(R"({"bonnet":{},"boot":{"lid":1}})"), encoded);
  EXPECT_EQ(to_text(encoded), "{}");
}

TEST(FieldsTest, DescribesAStructuralSchema) {
  auto schema = schema_of(description_of<Car>());
  EXPECT_EQ(
      to_text(*find(schema, "properties", "wheels")),
      R"({"description":"All wheels.","type":"array","items":{"type":"object","required":["name"],"properties":)"
      R"({"name":{"description":"Where it is.","type":"string","pattern":"^[a-z]+$"},)"
      R"("spokes":{"description":"How many.","type":"integer","format":"int32","minimum":3,"maximum":40}}},)"
      R"("x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"maxItems":4})");
  EXPECT_EQ(text_at(schema, "properties", "colour", "default"), "Red");
  EXPECT_EQ(text_at(items_at(schema, "x-kubernetes-validations").at(0), "message"),
            "a car cannot stand on one wheel");
  EXPECT_EQ(
      text_at(items_at(schema, "properties", "spare", "x-kubernetes-validations").at(0), "rule"),
      "self == oldSelf");
}

TEST(FieldsTest, ListsFieldsDepthFirstInTheReference) {
  auto rows = reference_rows(description_of<Car>(), "spec");
  EXPECT_NE(rows.find("| `spec.wheels[].spokes` | integer | ≥ 3; ≤ 40 | How many. |\n"),
            std::string::npos)
      << rows;
  EXPECT_NE(rows.find("| `spec.colour` | `Red` `LightBlue` | default `Red` | Colour. |\n"),
            std::string::npos)
      << rows;
}

TEST(FieldsTest, NamesEnumerators) {
  static_assert(name_of(Colour::light_blue) == "LightBlue");
  EXPECT_EQ(name_of(static_cast<Colour>(7)), "");
}

TEST(QuantityTest, CountsWholeUnitsRoundedUp) {
  EXPECT_EQ(*parse_quantity("512Mi"), 512 << 20);
  EXPECT_EQ(*parse_quantity("1.5k"), 1500);
  EXPECT_EQ(*parse_quantity("500m"), 1);
  EXPECT_EQ(*parse_quantity("0"), 0);
  EXPECT_TRUE(parse_quantity("").failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(parse_quantity("1.2.3").failed_with(ErrorCode::invalid_input));
  EXPECT_TRUE(parse_quantity("9Ei").failed_with(ErrorCode::invalid_input));
}

}  // namespace
}  // namespace dmaas
