#include "time/geography.h"

#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "time/error_of.h"

namespace distkv::time {
namespace {

TEST(Geography, KnownDistances) {
    // One degree along the equator and from the equator to the pole, on WGS84.
    EXPECT_EQ(geodesic_metres({0, 0}, {0, 1}), 111319);
    EXPECT_EQ(geodesic_metres({0, 0}, {90, 0}), 10001965);
    EXPECT_EQ(geodesic_metres({50.11, 8.68}, {50.11, 8.68}), 0);
    // Across the date line is near.
    EXPECT_EQ(geodesic_metres({0, 179.5}, {0, -179.5}), 111319);
    // Nearly antipodal: where simpler formulas fail to converge.
    EXPECT_NEAR(geodesic_metres({0, 0}, {0.5, 179.7}), 19944127, 1000);
}

TEST(Geography, SymmetricAndWithinHalfTheEarth) {
    base::Rng rng(1);
    for (int i = 0; i < 5000; ++i) {
        const Coordinates a{rng.unit() * 180 - 90, rng.unit() * 360 - 180};
        const Coordinates b{rng.unit() * 180 - 90, rng.unit() * 360 - 180};
        const Coordinates c{rng.unit() * 180 - 90, rng.unit() * 360 - 180};
        ASSERT_EQ(geodesic_metres(a, b), geodesic_metres(b, a));
        ASSERT_LE(geodesic_metres(a, b), 20'003'932);
        // A detour is never shorter, whole metres apart.
        ASSERT_LE(geodesic_metres(a, b), geodesic_metres(a, c) + geodesic_metres(c, b) + 2);
    }
}

TEST(Geography, LightFloor) {
    EXPECT_EQ(light_floor(0), 0ns);
    EXPECT_EQ(light_floor(1), 5ns);
    EXPECT_EQ(light_floor(0.19), 0ns);  // Rounded down.
    EXPECT_EQ(light_floor(200'000'000), 1s);
    EXPECT_EQ(light_floor({0, 0}, {0, 1}), 556595ns);
}

TEST(Geography, CoordinatesAreValidated) {
    for (const Coordinates bad :
         {Coordinates{91, 0}, Coordinates{-91, 0}, Coordinates{0, 181}, Coordinates{0, -181},
          Coordinates{std::numeric_limits<double>::quiet_NaN(), 0},
          Coordinates{0, std::numeric_limits<double>::infinity()}}) {
        EXPECT_FALSE(validate(bad).has_value());
    }
    EXPECT_TRUE(validate({-90, 180}).has_value());
    EXPECT_EQ(parse_coordinates("50.11,8.68").value(), (Coordinates{50.11, 8.68}));
    EXPECT_EQ(parse_coordinates(" -33.87 , 151.21 ").value(), (Coordinates{-33.87, 151.21}));
    for (const std::string_view text :
         {"", ",", "1", "1,", ",1", "1;2", "91,0", "nan,0", "1,2,3", "a,b", "1e999,0"}) {
        EXPECT_EQ(error_of(parse_coordinates(text)).code, base::Errc::kInvalid) << text;
    }
}

TEST(Gazetteer, NamesAndAliasesInAnyCase) {
    for (const std::string_view name : {"us-east", "US-EAST", "us-east-1", "Virginia", "US_EAST"}) {
        EXPECT_EQ(find_place(name).value().name, "us-east") << name;
    }
    for (const std::string_view name : {"asia-pac", "ap-tokyo", "ap-northeast-1", "Tokyo"}) {
        EXPECT_EQ(find_place(name).value().name, "asia-pac") << name;
    }
    EXPECT_EQ(find_place("New York").value().name, "new-york");
    EXPECT_EQ(locate("eu-west").value(), find_place("ireland").value().at);
    EXPECT_EQ(locate("1,2").value(), (Coordinates{1, 2}));
}

TEST(Gazetteer, UnknownNamesSuggestTheNearest) {
    const base::Error error = error_of(find_place("us-esat"));
    EXPECT_EQ(error.code, base::Errc::kNotFound);
    EXPECT_NE(error.detail.find("did you mean 'us-east'"), std::string::npos) << error.detail;
    EXPECT_NE(error_of(find_place("singapur")).detail.find("'singapore'"), std::string::npos);
    EXPECT_FALSE(find_place("").has_value());
    EXPECT_FALSE(find_place(std::string(100'000, 'x')).has_value());
    EXPECT_FALSE(locate("nowhere").has_value());
}

TEST(Gazetteer, EveryNameIsUniqueAndEveryPlaceValid) {
    std::set<std::string> seen;
    for (const Place& place : gazetteer()) {
        EXPECT_TRUE(validate(place.at).has_value()) << place.name;
        std::string names = std::string(place.name) + " " + std::string(place.aliases);
        for (std::size_t at = 0; at < names.size();) {
            const std::size_t end = std::min(names.find(' ', at), names.size());
            if (end > at) {
                EXPECT_TRUE(seen.insert(names.substr(at, end - at)).second)
                    << names.substr(at, end - at);
            }
            at = end + 1;
        }
    }
    EXPECT_GE(gazetteer().size(), 24U);
}

TEST(Gazetteer, TwelveCitiesAreFarApart) {
    ASSERT_EQ(twelve_cities().size(), 12U);
    std::set<std::string_view> places;
    for (const std::string_view city : twelve_cities()) {
        EXPECT_TRUE(places.insert(find_place(city).value().name).second) << city;
    }
}

// The three regions of every example, to the kilometre: anybody can look them up.
TEST(Gazetteer, TheThreeRegions) {
    const auto km = [](std::string_view a, std::string_view b) {
        return geodesic_metres(locate(a).value(), locate(b).value()) / 1000;
    };
    EXPECT_NEAR(km("us-east", "eu-west"), 5480, 30);
    EXPECT_NEAR(km("us-east", "asia-pac"), 10920, 60);
    EXPECT_NEAR(km("eu-west", "asia-pac"), 9600, 60);
}

}  // namespace
}  // namespace distkv::time
