#include "os/child.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>

namespace distkv::os {
namespace {

using base::Errc;
using namespace std::chrono_literals;

// Far beyond what any of the waits need, also under a sanitizer on a busy machine.
constexpr time::Duration kPatience = 20s;

Child started(const std::vector<std::string>& words) {
    return Child::start(words).value();
}

Child shell(const std::string& script) {
    return started({"sh", "-c", script});
}

bool is_there(pid_t pid) {
    return ::kill(pid, 0) == 0 || errno != ESRCH;
}

TEST(Child, LinesGoThereAndBack) {
    Child cat = started({"cat"});
    EXPECT_TRUE(cat.tell("one").has_value());
    EXPECT_EQ(cat.hear(kPatience).value(), "one");
    EXPECT_TRUE(cat.tell("two words").has_value());
    EXPECT_TRUE(cat.tell("").has_value());
    EXPECT_EQ(cat.hear(kPatience).value(), "two words");
    EXPECT_EQ(cat.hear(kPatience).value(), "");
    const std::string longer(20'000, 'x');  // Than what is read at once.
    EXPECT_TRUE(cat.tell(longer).has_value());
    EXPECT_EQ(cat.hear(kPatience).value(), longer);
}

TEST(Child, ArgumentsAreWordsAsTheyAre) {
    Child echo = started({"printf", "%s|", "a b", "$HOME", "\n"});
    EXPECT_EQ(echo.hear(kPatience).value(), "a b|$HOME|");
}

TEST(Child, AProgramThatDoesNotExistIsNamed) {
    for (const char* program : {"/no/such/program", "distkv-no-such-program"}) {
        const auto child = Child::start({program});
        ASSERT_FALSE(child.has_value());
        EXPECT_EQ(child.error().code, Errc::kNotFound);
        EXPECT_TRUE(child.error().detail.contains(std::string("cannot run ") + program))
            << child.error().detail;
    }
}

TEST(Child, PatienceEnds) {
    Child cat = started({"cat"});
    const time::MonoTime begun = mono_now();
    EXPECT_EQ(cat.hear(20ms).error().code, Errc::kRetry);
    EXPECT_GE(mono_now() - begun, 20ms);
    EXPECT_EQ(cat.hear(0ms).error().code, Errc::kRetry);
    EXPECT_TRUE(cat.tell("later").has_value());
    EXPECT_EQ(cat.hear(kPatience).value(), "later");
}

TEST(Child, HalfALineIsKept) {
    Child child = shell("printf half; read line; echo \" $line\"");
    EXPECT_EQ(child.hear(20ms).error().code, Errc::kRetry);
    EXPECT_TRUE(child.tell("whole").has_value());
    EXPECT_EQ(child.hear(kPatience).value(), "half whole");
}

TEST(Child, WhatItSaidAlreadyNeedsNoPatience) {
    Child cat = started({"cat"});
    EXPECT_TRUE(cat.tell("one").has_value());
    const time::MonoTime end = mono_now() + kPatience;
    auto heard = cat.hear(0ms);
    while (!heard && mono_now() < end) {
        EXPECT_EQ(heard.error().code, Errc::kRetry);
        heard = cat.hear(0ms);
    }
    EXPECT_EQ(heard.value_or("nothing"), "one");
}

TEST(Child, OneThatGoesIsHeardToTheEnd) {
    Child child = shell("echo first; echo last; printf unfinished");
    EXPECT_EQ(child.hear(kPatience).value(), "first");
    EXPECT_EQ(child.hear(kPatience).value(), "last");
    EXPECT_EQ(child.hear(kPatience).error().code, Errc::kNotFound);
    EXPECT_EQ(child.hear(kPatience).error().code, Errc::kNotFound);
}

TEST(Child, KilledItIsGone) {
    Child cat = started({"cat"});
    const pid_t pid = cat.pid();
    EXPECT_TRUE(is_there(pid));
    cat.kill();
    EXPECT_FALSE(is_there(pid));
    EXPECT_EQ(cat.pid(), -1);
    EXPECT_EQ(cat.tell("one").error().code, Errc::kNotFound);
    EXPECT_EQ(cat.hear(kPatience).error().code, Errc::kNotFound);
    cat.kill();
    cat.end(kPatience);
}

TEST(Child, GoesWithItsObject) {
    pid_t pid = -1;
    {
        Child cat = started({"cat"});
        pid = cat.pid();
        Child moved = std::move(cat);
        EXPECT_EQ(moved.pid(), pid);
        EXPECT_TRUE(moved.tell("one").has_value());
        EXPECT_EQ(moved.hear(kPatience).value(), "one");
    }
    EXPECT_FALSE(is_there(pid));
}

TEST(Child, AskedToEndItMayFinish) {
    const std::string path =
        testing::TempDir() + "distkv_child_" + std::to_string(::getpid()) + "_finished";
    // More output than a pipe holds must not keep it.
    Child child = started({"sh", "-c", "cat; head -c 200000 /dev/zero; : > \"$0\"", path});
    const pid_t pid = child.pid();
    child.end(kPatience);
    EXPECT_FALSE(is_there(pid));
    EXPECT_EQ(child.pid(), -1);
    EXPECT_TRUE(std::filesystem::remove(path));
}

TEST(Child, OneThatDoesNotEndIsKilled) {
    // The second has no output that could come to its end later.
    for (const char* script : {"exec tail -f /dev/null", "exec tail -f /dev/null >/dev/null"}) {
        Child child = shell(script);
        const pid_t pid = child.pid();
        child.end(20ms);
        EXPECT_FALSE(is_there(pid));
    }
}

// That we ignore it is our affair: a child in a pipeline would never end.
TEST(Child, ABrokenPipeEndsChildrenAsEver) {
    started({"true"}).end(kPatience);
    Child child = shell("kill -PIPE $$; echo alive");
    EXPECT_EQ(child.hear(kPatience).error().code, Errc::kNotFound);
}

TEST(OwnPath, IsThisProgram) {
    EXPECT_EQ(std::filesystem::path(own_path()).filename(), "os_test");
}

}  // namespace
}  // namespace distkv::os
