#include "raft/status.h"

#include <gtest/gtest.h>

namespace distkv::raft {
namespace {

Status follower() {
    return {.id = {1},
            .role = Role::kFollower,
            .term = 3,
            .vote = {},
            .leader = {2},
            .commit = 7,
            .applied = 6,
            .first = 6,
            .last = 8,
            .terms = {1, 1, 2},
            .membership = {.voters = {{.id = {1}}, {.id = {2}}, {.id = {3}}}}};
}

TEST(Status, IsOneLineOfJson) {
    EXPECT_EQ(to_json(follower()),
              R"({"id":1,"role":"follower","term":3,"vote":0,"leader":2,"commit":7,"first":6,)"
              R"("last":8,"terms":[1,1,2],"voters":[1,2,3],"learners":[]})");
}

TEST(Status, AnEmptyLogAndTheLargestNumbers) {
    Status status = follower();
    status.role = Role::kLeader;
    status.term = UINT64_MAX;
    status.vote = {1};
    status.leader = {1};
    status.commit = status.last = 5;
    status.terms.clear();
    EXPECT_EQ(to_json(status),
              R"({"id":1,"role":"leader","term":18446744073709551615,"vote":1,"leader":1,)"
              R"("commit":5,"first":6,"last":5,"terms":[],"voters":[1,2,3],"learners":[]})");
}

TEST(Status, WhoIsOutgoingStandsThereWhileTheGroupIsJoint) {
    Status status = follower();
    status.membership.outgoing = {{.id = {1}}, {.id = {4}}};
    status.membership.learners = {{.id = {5}}};
    EXPECT_EQ(to_json(status),
              R"({"id":1,"role":"follower","term":3,"vote":0,"leader":2,"commit":7,"first":6,)"
              R"("last":8,"terms":[1,1,2],"voters":[1,2,3],"outgoing":[1,4],"learners":[5]})");
}

TEST(Status, ALearnerIsCalledSoAsLongAsItFollows) {
    Status status = follower();
    status.learner = true;
    EXPECT_EQ(role_name(status), "learner");
    EXPECT_NE(to_json(status).find(R"("role":"learner")"), std::string::npos);
    status.role = Role::kLeader;  // It was removed, and the change is not in effect yet.
    EXPECT_EQ(role_name(status), "leader");
}

TEST(Status, RolesHaveNames) {
    EXPECT_EQ(name_of(Role::kFollower), "follower");
    EXPECT_EQ(name_of(Role::kPreCandidate), "precandidate");
    EXPECT_EQ(name_of(Role::kCandidate), "candidate");
    EXPECT_EQ(name_of(Role::kLeader), "leader");
}

}  // namespace
}  // namespace distkv::raft
