#!/usr/bin/env perl
# Progress: counts the words of a file and tells how far it is; `rq show ID` shows the latest line. Progress is for
# people: it decides nothing, and may be said as often as you like.
use strict;
use warnings;

open(my $status, '>&=', 3) or die "fd 3: $!";
$status->autoflush(1);

my $path = shift @ARGV or do {
    print {$status} "fail there is no file to count\n";
    exit 65;
};
open(my $file, '<', $path) or die "$path: $!";
my $size = -s $file;
my ($told, %count) = (0);

while (my $line = <$file>) {
    $count{lc $_}++ for $line =~ /\w+/g;
    my $percent = int(100 * tell($file) / $size);
    next if $percent < $told + 10;
    $told = $percent;
    printf {$status} "run %d%% %d different words\n", $percent, scalar keys %count;
}

# The log, for `rq log ID`.
my @common = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 9];
printf "%7d %s\n", $count{$_}, $_ for grep { defined } @common;
printf {$status} "done %d different words\n", scalar keys %count;
