#include "base/result.h"

#include <memory>
#include <type_traits>

#include <gtest/gtest.h>

namespace distkv::base {
namespace {

Result<int> positive(int number) {
    if (number <= 0) {
        return fail(Errc::kInvalid, std::to_string(number) + " is not positive");
    }
    return number;
}

Result<void> check_positive(int number) {
    TRY(positive(number) ? Result<void>() : Result<void>(fail(Errc::kRetry, "no")));
    return {};
}

Result<int> sum(int a, int b) {
    const int first = TRY(positive(a));
    return first + TRY(positive(b));
}

Result<int> nested(int number) {
    return TRY(positive(TRY(positive(number)) - 1)) + TRY(positive(number));
}

TEST(Result, TryUnwrapsOrReturns) {
    EXPECT_EQ(sum(1, 2).value(), 3);
    EXPECT_EQ(sum(0, 2).error().detail, "0 is not positive");
    EXPECT_EQ(sum(1, -2).error().detail, "-2 is not positive");
}

TEST(Result, TryNests) {
    EXPECT_EQ(nested(5).value(), 9);
    EXPECT_EQ(nested(1).error().detail, "0 is not positive");
    EXPECT_EQ(nested(-1).error().detail, "-1 is not positive");
}

TEST(Result, TryOnVoid) {
    EXPECT_TRUE(check_positive(1).has_value());
    EXPECT_EQ(check_positive(0).error().code, Errc::kRetry);
}

Result<std::unique_ptr<int>> boxed(int number) {
    return std::make_unique<int>(TRY(positive(number)));
}

Result<std::unique_ptr<int>> passed_on(int number) {
    std::unique_ptr<int> box = TRY(boxed(number));
    ++*box;
    return box;
}

TEST(Result, MoveOnlyValues) {
    EXPECT_EQ(*passed_on(1).value(), 2);
    EXPECT_FALSE(passed_on(0).has_value());
}

Result<int> twice(const Result<std::string>& text) {
    const std::string& value = TRY(text);  // A Result somebody else owns: copied, not emptied.
    return static_cast<int>(value.size()) * 2;
}

TEST(Result, TryOnAReferenceLeavesItsOwnerWhole) {
    const Result<std::string> text = std::string("a text too long to stay inside the object");
    EXPECT_EQ(twice(text).value(), 82);
    EXPECT_EQ(text->size(), 41U);
    const Result<std::string> failed = fail(Errc::kNotFound, "gone");
    EXPECT_FALSE(twice(failed).has_value());
    EXPECT_EQ(failed.error().detail, "gone");
}

Result<std::string> converted(int number) {
    return std::to_string(TRY(positive(number)));  // The error crosses to another type.
}

TEST(Result, ErrorsCrossTypes) {
    EXPECT_EQ(converted(3).value(), "3");
    EXPECT_EQ(converted(0).error(), (Error{Errc::kInvalid, "0 is not positive"}));
}

TEST(Result, IsNodiscard) {
    static_assert(std::is_base_of_v<std::expected<int, Error>, Result<int>>);
    static_assert(std::is_nothrow_move_constructible_v<Result<std::string>>);
}

TEST(Result, Text) {
    EXPECT_EQ(to_string(Error{Errc::kInvalid, "slot 16384 is above 16383"}),
              "invalid: slot 16384 is above 16383");
    const struct {
        Errc code;
        std::string_view name;
    } names[] = {{Errc::kInvalid, "invalid"},
                 {Errc::kNotFound, "not found"},
                 {Errc::kRedirect, "redirect"},
                 {Errc::kRetry, "retry"},
                 {Errc::kUnknown, "unknown outcome"},
                 {Errc::kCorrupt, "corrupt"},
                 {Errc::kFull, "full"}};
    for (const auto& [code, name] : names) {
        EXPECT_EQ(name_of(code), name);
    }
}

}  // namespace
}  // namespace distkv::base
