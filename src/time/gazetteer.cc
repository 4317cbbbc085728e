#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "time/geography.h"

namespace distkv::time {
namespace {

constexpr std::array kPlaces{
    // Regions. The first three are those of the examples in the documentation.
    Place{"us-east", "Ashburn, Virginia", {39.04, -77.49}, "us-east-1 virginia ashburn"},
    Place{"eu-west", "Dublin, Ireland", {53.35, -6.26}, "eu-west-1 ireland dublin"},
    Place{"asia-pac",
          "Tokyo, Japan",
          {35.68, 139.69},
          "ap-tokyo ap-northeast-1 ap-northeast asia-pacific tokyo"},
    Place{"us-east-2", "Columbus, Ohio", {39.96, -83.00}, "ohio columbus us-central"},
    Place{"us-west-1", "San Francisco, California", {37.77, -122.42}, "california san-francisco"},
    Place{"us-west", "Boardman, Oregon", {45.84, -119.70}, "us-west-2 oregon boardman"},
    Place{"ca-central", "Montreal, Canada", {45.50, -73.57}, "ca-central-1 montreal canada"},
    Place{"sa-east", "Sao Paulo, Brazil", {-23.55, -46.63}, "sa-east-1 sao-paulo brazil"},
    Place{"eu-west-2", "London, England", {51.51, -0.13}, "london"},
    Place{"eu-west-3", "Paris, France", {48.86, 2.35}, "paris"},
    Place{"eu-central", "Frankfurt, Germany", {50.11, 8.68}, "eu-central-1 frankfurt germany"},
    Place{"eu-central-2", "Zurich, Switzerland", {47.37, 8.54}, "zurich"},
    Place{"eu-north", "Stockholm, Sweden", {59.33, 18.07}, "eu-north-1 stockholm"},
    Place{"eu-south", "Milan, Italy", {45.46, 9.19}, "eu-south-1 milan"},
    Place{"ap-northeast-2", "Seoul, Korea", {37.57, 126.98}, "seoul"},
    Place{"ap-northeast-3", "Osaka, Japan", {34.69, 135.50}, "osaka"},
    Place{"ap-southeast", "Singapore", {1.35, 103.82}, "ap-southeast-1 singapore"},
    Place{"ap-southeast-2", "Sydney, Australia", {-33.87, 151.21}, "sydney"},
    Place{"ap-south", "Mumbai, India", {19.08, 72.88}, "ap-south-1 mumbai"},
    Place{"ap-east", "Hong Kong", {22.32, 114.17}, "ap-east-1 hong-kong"},
    Place{"me-south", "Manama, Bahrain", {26.23, 50.59}, "me-south-1 bahrain"},
    Place{"me-central", "Dubai, Emirates", {25.20, 55.27}, "me-central-1 dubai"},
    Place{"af-south", "Cape Town, South Africa", {-33.92, 18.42}, "af-south-1 cape-town"},
    // Cities.
    Place{"new-york", "New York, New York", {40.71, -74.01}, ""},
    Place{"chicago", "Chicago, Illinois", {41.88, -87.63}, ""},
    Place{"los-angeles", "Los Angeles, California", {34.05, -118.24}, ""},
    Place{"mexico-city", "Mexico City, Mexico", {19.43, -99.13}, ""},
    Place{"bogota", "Bogota, Colombia", {4.71, -74.07}, ""},
    Place{"santiago", "Santiago, Chile", {-33.45, -70.67}, ""},
    Place{"buenos-aires", "Buenos Aires, Argentina", {-34.60, -58.38}, ""},
    Place{"reykjavik", "Reykjavik, Iceland", {64.15, -21.94}, ""},
    Place{"madrid", "Madrid, Spain", {40.42, -3.70}, ""},
    Place{"warsaw", "Warsaw, Poland", {52.23, 21.01}, ""},
    Place{"istanbul", "Istanbul, Turkey", {41.01, 28.98}, ""},
    Place{"cairo", "Cairo, Egypt", {30.04, 31.24}, ""},
    Place{"lagos", "Lagos, Nigeria", {6.52, 3.38}, ""},
    Place{"nairobi", "Nairobi, Kenya", {-1.29, 36.82}, ""},
    Place{"johannesburg", "Johannesburg, South Africa", {-26.20, 28.05}, ""},
    Place{"delhi", "Delhi, India", {28.61, 77.21}, ""},
    Place{"beijing", "Beijing, China", {39.90, 116.41}, ""},
    Place{"shanghai", "Shanghai, China", {31.23, 121.47}, ""},
    Place{"jakarta", "Jakarta, Indonesia", {-6.21, 106.85}, ""},
    Place{"perth", "Perth, Australia", {-31.95, 115.86}, ""},
    Place{"auckland", "Auckland, New Zealand", {-36.85, 174.76}, ""},
    Place{"honolulu", "Honolulu, Hawaii", {21.31, -157.86}, ""},
};

constexpr std::array<std::string_view, 12> kTwelveCities{
    "new-york", "san-francisco", "mexico-city", "sao-paulo", "london", "frankfurt",
    "lagos",    "nairobi",       "mumbai",      "singapore", "tokyo",  "sydney"};

constexpr std::size_t kNameBytesMax = 64;

std::string normalised(std::string_view name) {
    std::string text(name.substr(0, kNameBytesMax));
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        } else if (c == '_' || c == ' ') {
            c = '-';
        }
    }
    return text;
}

// Name and aliases, one at a time.
template <class Visit>
void each_name(const Place& place, Visit visit) {
    visit(place.name);
    std::string_view left = place.aliases;
    while (!left.empty()) {
        const std::size_t blank = left.find(' ');
        visit(left.substr(0, blank));
        left.remove_prefix(blank == std::string_view::npos ? left.size() : blank + 1);
    }
}

// Levenshtein: the least number of letters to insert, delete or replace.
std::size_t edits_between(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

std::string_view nearest_spelling(std::string_view wanted) {
    std::string_view nearest;
    std::size_t edits_min = SIZE_MAX;
    for (const Place& place : kPlaces) {
        each_name(place, [&](std::string_view name) {
            const std::size_t longer = std::max(wanted.size(), name.size());
            const std::size_t shorter = std::min(wanted.size(), name.size());
            if (longer - shorter >= edits_min) {
                return;  // At least that many letters must be inserted.
            }
            const std::size_t edits = edits_between(wanted, name);
            if (edits < edits_min) {
                edits_min = edits;
                nearest = name;
            }
        });
    }
    return nearest;
}

}  // namespace

std::span<const Place> gazetteer() {
    return kPlaces;
}

std::span<const std::string_view> twelve_cities() {
    return kTwelveCities;
}

base::Result<Place> find_place(std::string_view name) {
    const std::string wanted = normalised(name);
    for (const Place& place : kPlaces) {
        bool matches = false;
        each_name(place, [&](std::string_view known) { matches = matches || known == wanted; });
        if (matches) {
            return place;
        }
    }
    return base::fail(base::Errc::kNotFound, "no place is called '" + wanted + "'; did you mean '" +
                                                 std::string(nearest_spelling(wanted)) +
                                                 "'? Coordinates like 50.11,8.68 work too");
}

}  // namespace distkv::time
