#!/usr/bin/env perl
# Relay: sorts what comes in into other queues of the same root, by the ending of the file's name. The item goes
# to relayed/ here, and a copy under an id of its own waits there, published exactly once.
#
# Endings and queues come from "env" of the queue's config.json: {"env": {"ROUTES": "json=data jpg=images"}}
use strict;
use warnings;

open(my $status, '>&=', 3) or die "fd 3: $!";
$status->autoflush(1);

my %queue_of = map { split /=/, $_, 2 } split ' ', $ENV{ROUTES} // '';
my ($ending) = ($ENV{RQ_NAME} // $ENV{RQ_PAYLOAD} // '') =~ /\.([^.\/]+)$/;
my $queue = defined $ending ? $queue_of{lc $ending} : undef;

if (!defined $queue) {
    printf {$status} "fail no route for %s\n", $ENV{RQ_NAME} // 'an item without a file';
    exit 65;
}
print {$status} "relay $queue\n";
