#include "time/service_tree.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "time/error_of.h"

namespace distkv::time {
namespace {

const Coordinates kHere{0, 0};
const Coordinates kTenDegrees{0, 10};  // 5.565ms of light away.

Service leaf(std::string name, Coordinates at, Duration processing) {
    Service service;
    service.name = std::move(name);
    service.at = at;
    service.processing = processing;
    return service;
}

Service shop() {
    Service root = leaf("shop", kHere, 20ms);
    root.children = {leaf("stock", kTenDegrees, 5ms), leaf("prices", kHere, 10ms)};
    return root;
}

TEST(ServiceTree, Arithmetic) {
    const ServiceTreeReport report = check_services(shop(), {}).value();
    ASSERT_EQ(report.rows.size(), 3U);
    const ServiceRow& root = report.rows[0];
    const ServiceRow& stock = report.rows[1];
    EXPECT_EQ(stock.floor, 2 * light_floor(kHere, kTenDegrees));
    EXPECT_EQ(stock.required, stock.floor + 5ms);
    EXPECT_EQ(stock.suggested, 2 * stock.required);
    EXPECT_EQ(stock.timeout, stock.suggested);
    EXPECT_EQ(stock.depth, 1U);
    EXPECT_EQ(root.floor, 0s);
    EXPECT_EQ(root.children, stock.required + 10ms);
    EXPECT_EQ(root.required, 20ms + root.children);
    EXPECT_EQ(root.timeout, 30s);
    EXPECT_EQ(report.compliance, Compliance::kCompliant);
    EXPECT_TRUE(refuse_impossible(report).has_value());
}

TEST(ServiceTree, ParallelChildrenCountOnce) {
    Service root = shop();
    root.parallel = true;
    const ServiceTreeReport report = check_services(root, {}).value();
    EXPECT_EQ(report.rows[0].children, report.rows[1].required);
}

TEST(ServiceTree, TheClientIsAHopToo) {
    const ServiceTreeReport report = check_services(shop(), {.client = kTenDegrees}).value();
    EXPECT_EQ(report.rows[0].floor, 2 * light_floor(kHere, kTenDegrees));
}

TEST(ServiceTree, ImpossibleIsRefusedWithTheArithmetic) {
    Service root = shop();
    root.children[0].timeout = 15ms;
    const ServiceTreeReport report = check_services(root, {}).value();
    EXPECT_EQ(report.rows[1].compliance, Compliance::kImpossible);
    EXPECT_EQ(report.compliance, Compliance::kImpossible);
    const base::Error error = error_of(refuse_impossible(report));
    EXPECT_EQ(error.code, base::Errc::kInvalid);
    EXPECT_EQ(error.detail,
              "service 'stock': a timeout of 15ms can never be kept: 11.131ms light there and back "
              "+ 5ms processing + 0s for what it calls = 16.131ms; suggested is 32.263ms");
}

TEST(ServiceTree, TightIsToldButNotRefused) {
    Service root = shop();
    root.children[0].timeout = 20ms;
    const ServiceTreeReport report = check_services(root, {}).value();
    EXPECT_EQ(report.rows[1].compliance, Compliance::kTight);
    EXPECT_TRUE(refuse_impossible(report).has_value());
    EXPECT_NE(report.rows[1].why.find("buffer"), std::string::npos);
}

TEST(ServiceTree, ChildrenMustFitIntoTheParent) {
    Service root = shop();
    root.timeout = 10s;
    root.children[0].timeout = 9600ms;
    const ServiceTreeReport report = check_services(root, {}).value();
    EXPECT_EQ(report.rows[0].compliance, Compliance::kTight);
    EXPECT_NE(report.rows[0].why.find("95 %"), std::string::npos) << report.rows[0].why;
    root.children[0].timeout = 9000ms;
    EXPECT_EQ(check_services(root, {}).value().compliance, Compliance::kCompliant);
}

TEST(ServiceTree, NonsenseIsInvalid) {
    const auto refused = [](const Service& root, const ServiceTreeOptions& options = {}) {
        return error_of(check_services(root, options)).code == base::Errc::kInvalid;
    };
    EXPECT_TRUE(refused(leaf("x", {91, 0}, 1ms)));
    EXPECT_TRUE(refused(leaf("x", kHere, -1ms)));
    EXPECT_TRUE(refused(leaf("x", kHere, 25h)));
    Service no_time = shop();
    no_time.timeout = 0s;
    EXPECT_TRUE(refused(no_time));
    EXPECT_TRUE(refused(shop(), {.safety = 0.5}));
    EXPECT_TRUE(refused(shop(), {.child_percent_max = 0}));
    EXPECT_TRUE(refused(shop(), {.patience = 0s}));
    EXPECT_TRUE(refused(shop(), {.client = Coordinates{0, 200}}));
    Service deep = leaf("end", kHere, 1ms);
    for (int i = 0; i < 100; ++i) {
        Service above = leaf("above", kHere, 1ms);
        above.children.push_back(std::move(deep));
        deep = std::move(above);
    }
    EXPECT_TRUE(refused(deep));
}

Service random_tree(base::Rng& rng, int depth) {
    Service service = leaf("s", {rng.unit() * 100 - 50, rng.unit() * 300 - 150},
                           Duration(rng.between(0, 50'000'000)));
    service.parallel = rng.chance(500'000);
    for (std::uint64_t n = depth == 0 ? 0 : rng.below(4); n > 0; --n) {
        service.children.push_back(random_tree(rng, depth - 1));
    }
    return service;
}

// What is suggested is compliant, and stays so when written down.
TEST(ServiceTree, SuggestionsAreCompliant) {
    base::Rng rng(3);
    for (int round = 0; round < 500; ++round) {
        Service root = random_tree(rng, 3);
        const ServiceRow first = check_services(root, {}).value().rows[0];
        root.timeout = first.suggested;
        const ServiceTreeReport report = check_services(root, {}).value();
        for (const ServiceRow& row : report.rows) {
            ASSERT_EQ(row.compliance, Compliance::kCompliant) << row.why;
            ASSERT_GE(row.timeout, row.required);
        }
    }
}

}  // namespace
}  // namespace distkv::time
