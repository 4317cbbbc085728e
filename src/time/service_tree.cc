#include "time/service_tree.h"

#include <algorithm>

#include "time/duration_text.h"

namespace distkv::time {
namespace {

using base::Errc;
using base::fail;
using base::Result;

// What a person writes fits easily; recursion and sums stay bounded.
constexpr std::size_t kServicesMax = 10'000;
constexpr std::size_t kDepthMax = 64;
constexpr Duration kDurationMax = 24h;
constexpr double kSafetyMax = 1000;

Result<void> validate_service(const Service& service, std::size_t depth) {
    const std::string who = "service '" + service.name.substr(0, 64) + "': ";
    if (depth > kDepthMax) {
        return fail(Errc::kInvalid, who + "calls deeper than 64");
    }
    if (service.processing < Duration::zero() || service.processing > kDurationMax) {
        return fail(Errc::kInvalid,
                    who + "processing takes " + to_text(service.processing) + "; 0s to 24h");
    }
    if (service.timeout &&
        (*service.timeout <= Duration::zero() || *service.timeout > kDurationMax)) {
        return fail(Errc::kInvalid,
                    who + "a timeout of " + to_text(*service.timeout) + "; above 0s, up to 24h");
    }
    const Result<void> place = validate(service.at);
    if (!place) {
        return fail(Errc::kInvalid, who + place.error().detail);
    }
    return {};
}

Result<void> validate_options(const ServiceTreeOptions& options) {
    if (!(options.safety >= 1 && options.safety <= kSafetyMax)) {
        return fail(Errc::kInvalid, "safety must be 1 to 1000");
    }
    if (options.child_percent_max < 1 || options.child_percent_max > 100) {
        return fail(Errc::kInvalid, "the children's share must be 1 to 100 percent");
    }
    if (options.patience <= Duration::zero() || options.patience > kDurationMax) {
        return fail(Errc::kInvalid, "patience must be above 0s and up to 24h");
    }
    return options.client ? validate(*options.client) : Result<void>();
}

Duration combined(bool parallel, Duration a, Duration b) {
    return parallel ? std::max(a, b) : saturating_add(a, b);
}

std::string sum_text(const ServiceRow& row) {
    return to_text(row.floor) + " light there and back + " + to_text(row.processing) +
           " processing + " + to_text(row.children) +
           " for what it calls = " + to_text(row.required);
}

class Checker {
public:
    explicit Checker(const ServiceTreeOptions& options) : options_(options) {}

    // Returns the index of the service's row.
    Result<std::size_t> visit(const Service& service, std::optional<Coordinates> caller,
                              std::size_t depth);

    ServiceTreeReport take() && { return std::move(report_); }

private:
    void judge(ServiceRow& row, Duration children_timeouts) const;

    const ServiceTreeOptions& options_;
    ServiceTreeReport report_;
};

Result<std::size_t> Checker::visit(const Service& service, std::optional<Coordinates> caller,
                                   std::size_t depth) {
    TRY(validate_service(service, depth));
    if (report_.rows.size() >= kServicesMax) {
        return fail(Errc::kInvalid, "more than 10000 services");
    }
    const std::size_t index = report_.rows.size();
    report_.rows.emplace_back();
    ServiceRow row;
    row.name = service.name;
    row.region = service.region;
    row.depth = depth;
    row.floor = caller ? 2 * light_floor(*caller, service.at) : Duration::zero();
    row.processing = service.processing;
    Duration children_timeouts{0};
    for (const Service& child : service.children) {
        const ServiceRow& below = report_.rows[TRY(visit(child, service.at, depth + 1))];
        row.children = combined(service.parallel, row.children, below.required);
        children_timeouts = combined(service.parallel, children_timeouts, below.timeout);
    }
    row.required = saturating_add(row.floor + row.processing, row.children);
    row.buffer = scaled(row.required, options_.safety - 1);
    // Room for the children's timeouts too, or the suggestion would itself be called tight.
    const Duration for_children =
        saturating_add(children_timeouts / options_.child_percent_max, Duration(1)) * 100;
    row.suggested = std::max(saturating_add(row.required, row.buffer),
                             service.children.empty() ? Duration::zero() : for_children);
    row.timeout_given = service.timeout.has_value();
    row.timeout = service.timeout.value_or(depth == 0 ? options_.patience : row.suggested);
    judge(row, children_timeouts);
    report_.compliance = std::max(report_.compliance, row.compliance);
    report_.rows[index] = std::move(row);
    return index;
}

void Checker::judge(ServiceRow& row, Duration children_timeouts) const {
    const Duration share = row.timeout / 100 * options_.child_percent_max;
    if (row.timeout < row.required) {
        row.compliance = Compliance::kImpossible;
        row.why = "a timeout of " + to_text(row.timeout) + " can never be kept: " + sum_text(row) +
                  "; suggested is " + to_text(row.suggested);
    } else if (row.timeout < saturating_add(row.required, row.buffer)) {
        row.compliance = Compliance::kTight;
        row.why = "a timeout of " + to_text(row.timeout) + " leaves too little: " + sum_text(row) +
                  ", + " + to_text(row.buffer) +
                  " buffer = " + to_text(saturating_add(row.required, row.buffer));
    } else if (children_timeouts > share) {
        row.compliance = Compliance::kTight;
        row.why = "what it calls may wait " + to_text(children_timeouts) + ", more than " +
                  std::to_string(options_.child_percent_max) + " % of its own timeout of " +
                  to_text(row.timeout) + " (" + to_text(share) + ")";
    }
}

}  // namespace

std::string_view name_of(Compliance compliance) {
    switch (compliance) {
        case Compliance::kCompliant:
            return "compliant";
        case Compliance::kTight:
            return "tight";
        case Compliance::kImpossible:
            return "impossible";
    }
    return "?";
}

Result<ServiceTreeReport> check_services(const Service& root, const ServiceTreeOptions& options) {
    TRY(validate_options(options));
    Checker checker(options);
    static_cast<void>(TRY(checker.visit(root, options.client, 0)));
    return std::move(checker).take();
}

Result<void> refuse_impossible(const ServiceTreeReport& report) {
    std::string text;
    for (const ServiceRow& row : report.rows) {
        if (row.compliance == Compliance::kImpossible) {
            text += (text.empty() ? "service '" : "; service '") + row.name + "': " + row.why;
        }
    }
    if (!text.empty()) {
        return fail(Errc::kInvalid, text);
    }
    return {};
}

}  // namespace distkv::time
