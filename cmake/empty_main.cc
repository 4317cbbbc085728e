// The main of the link tests: all that matters is whether the library beside it resolves.
int main() {
    return 0;
}
