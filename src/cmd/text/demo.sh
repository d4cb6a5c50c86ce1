#!/bin/sh
# The demonstration of writ: an invented provider, invented agencies and staff with throw-away keys.
# It runs nothing but the commands that it prints. Every collection goes through the same programs,
# ticket and cage as in an installed home. 'writ demo' writes this file and starts it:
#   DEMO = the folder of the demonstration, OWN = your own Maildir or mbox file, or empty
set -u
cd "$DEMO" || exit 1
export WRIT_HOME="$DEMO/home"
user=$(id -un)
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold='\033[1m'; dim='\033[2m'; off='\033[0m'; else bold=''; dim=''; off=''; fi

now() { date +%s%3N; }
say() { printf "\n${bold}%s${off}\n" "$*"; }
# run EXPECTED-STATUS COMMAND...: prints the command, runs it, checks its exit status
run() {
	want=$1; shift
	printf "${dim}\$ %s${off}\n" "$*"
	(eval "$@") >out 2>&1; got=$?
	sed 's/^/  /' out
	[ "$got" = "$want" ] || { printf '  (ended with %s instead of %s; the folder is %s)\n' "$got" "$want" "$DEMO"; exit 1; }
}

begun=$(now)
say "1. A provider with three people, two agencies and their keys (all invented, all thrown away)"
for p in ana ben chi; do ssh-keygen -q -t ed25519 -N '' -C "$p" -f "$p.key" </dev/null; done
age-keygen -o lutetia.age 2>lutetia.pub; age-keygen -o thames.age 2>thames.pub
lutetia=$(grep -o 'age1[a-z0-9]*' lutetia.pub); thames=$(grep -o 'age1[a-z0-9]*' thames.pub)

store() { printf '  - name: %s\n    kind: %s\n    path: "%s"\n    domain: mail.example\n    region: FR\n    law: FR\n    categories:\n      - CONTENT_COMM\n      - MSG_META\n' "$1" "$2" "$3"; }
person() { printf '  - name: %s\n    unix_user: %s\n    key: %s\n    may:\n' "$1" "$user" "$2"; shift 2; for m; do printf '      - %s\n' "$m"; done; }
{
	printf 'provider: Example Mail (demo)\ndomain: mail.example\ncountry: FR\nfounders:\n'
	person Ana "$DEMO/ana.key.pub" decide roster halt
	person Ben "$DEMO/ben.key.pub" approve roster halt
	person Chi "$DEMO/chi.key.pub" approve roster
	printf 'agencies:\n  - lutetia\n  - thames\nstores:\n'
	store main maildir "$DEMO/mail/{domain}/{local}/Maildir"
	if [ -d "$OWN" ]; then store own maildir "$(dirname "$OWN")/{local}"
	elif [ -n "$OWN" ]; then store own mbox "$(dirname "$OWN")/{local}"; fi
	printf 'ticks: on-demand\nretention: "90"\nnotice: "7"\n'
} >answers.yaml
run 0 'writ init --single-user --answers answers.yaml --key ana.key --key ben.key'
run 0 "writ agency add --as Ana --id lutetia --name 'Police judiciaire de Lutece' --country FR --label 'Lutece 2026' --recipient $lutetia --checked 'in person' --key ana.key --key ben.key"
run 0 "writ agency add --as Ana --id thames --name 'Thames Constabulary' --country GB --label 'Thames 2026' --recipient $thames --checked 'call-back' --key ana.key --key ben.key"
run 0 'echo "$DEMO" >home/demo'	# an invented home: one-click sign-ins at its desk
run 0 'writ store check --as Ana'
run 0 'writ doctor'
run 0 'writ policy export --out policy.json'

# order NAME AGENCY COUNTRY KIND SIGNATURE ACCOUNT RANGE [FROM UNTIL]: an order on paper and as a file
order() {
	printf 'ORDER %s\n%s, case 26-%s: mail of %s\n' "$1" "$2" "$1" "$6" >"$1.paper"
	hash=$(sha256sum "$1.paper" | cut -d' ' -f1)
	recipient='Lutece 2026'; name='Tribunal judiciaire de Lutece'
	[ "$2" != thames ] || { recipient='Thames 2026'; name='Crown Court at Thames'; }
	where=main; [ "$6" != "$(basename "$OWN")@mail.example" ] || where=own
	{
		printf 'order_version: 1\nfacts:\n  facts_version: 1\n  order:\n    received_via: EMAIL\n    document_sha256: %s\n' "$hash"
		printf '  issuer:\n    country: %s\n    authority_kind: JUDGE_COURT\n    authority_name: %s\n' "$3" "$name"
		printf '  instrument:\n    kind: %s\n    provisions:\n      - unknown\n    issued_on: 2026-11-20\n    return_by: 2026-12-04\n    served_on: Example Mail (demo)\n    signature: %s\n    case_number: 26-%s\n' "$4" "$5" "$1"
		printf '  purpose:\n    proceeding: CRIMINAL_INVESTIGATION\n  demands:\n    - id: d1\n      category: CONTENT_COMM\n      shape: TARGETED\n      target_kind: EMAIL\n      target: %s\n      range: %s\n' "$6" "$7"
		[ $# -lt 9 ] || printf '      from: %s\n      until: %s\n' "$8" "$9"
		printf 'authority_reference: 26-%s\nagency: %s\nrecipients:\n  - %s\nlines:\n  - id: d1\n    date_meaning: delivery\n    zone: Europe/Paris\n    stores:\n      - %s\n    folders:\n      - ALL\n' "$1" "$2" "$recipient" "$where"
	} >"$1.yaml"
	run 0 "writ order submit $1.yaml --paper $1.paper --as Ben"
	ref=$(grep -x 'W-[0-9A-Z]*-[0-9A-Z]*' out)
}
times=''
clocked() { times="$times$(printf '  %-48s %6d ms' "$1" $(($(now) - t0)))
"; }

say "2. An order of a court for a fortnight of one mailbox: verified, decided, collected, approved by two, released"
t0=$(now)
if [ -n "$OWN" ]; then order 1001 lutetia FR COURT_PRODUCTION_ORDER COURT_SEAL "$(basename "$OWN")@mail.example" WHOLE_ACCOUNT
else order 1001 lutetia FR COURT_PRODUCTION_ORDER COURT_SEAL alice@mail.example DATES 2026-11-01 2026-11-14; fi
first=$ref
run 0 "writ authenticate $first --as Ben --by callback --over +33140000000 --found 'ministry directory'"
run 0 "writ scope $first --as Ben"
run 0 "writ decide $first comply --as Ana --key ana.key"
run 0 "writ collect $first --as Ben"
run 0 "writ notify $first --sent --as Ana"
say "   Counsel decided it, so counsel cannot approve it; and one approval is not two:"
run 4 "writ approve $first --as Ana --key ana.key"
run 0 "writ approve $first --as Ben --key ben.key"
run 4 "writ release $first --as Ben"
run 0 "writ approve $first --as Chi --key chi.key"
run 0 "writ release $first --as Chi"
run 0 "writ deliver $first --as Chi --out $first.writ.tar"
clocked "order 1001, from receipt to the delivered file"

say "3. An order without any dates: counsel narrows it, and the letter says why"
t0=$(now)
order 1002 thames GB COURT_PRODUCTION_ORDER COURT_SEAL bob@mail.example NONE
second=$ref
run 0 "writ authenticate $second --as Ben --by official-channel --over SPoC --found 'register of SPoCs'"
run 4 "writ decide $second comply --as Ana --key ana.key"
run 0 "writ scope $second --edit scope.yaml --as Ana"
run 0 "sed -i -e 's/from: open/from: 2026-11-08/' -e 's/until: open/until: 2026-11-10/' scope.yaml"
run 0 "writ decide $second narrow --scope scope.yaml --reason PART-NO-RANGE --as Ana --key ana.key"
run 0 "writ letter $second narrowing"
run 0 "writ collect $second --as Ben"
clocked "order 1002, narrowed and collected"

say "4. An order that nobody signed: refused, with a letter; no copy of anything is left"
t0=$(now)
order 1003 lutetia FR PROSECUTOR_ORDER NONE carol@mail.example DATES 2026-11-01 2026-11-14
third=$ref
run 0 "writ authenticate $third --as Ben --by callback --over +33140000000 --found 'ministry directory'"
run 0 "writ decide $third refuse --reason INST-UNSIGNED --as Ana --key ana.key"
run 0 "writ letter $third refusal"
clocked "order 1003, refused"

say "5. 'Life in danger, answer at once': from a look-alike domain. The number in our own register knows nothing of it"
t0=$(now)
order 1004 lutetia FR EMERGENCY_REQUEST ELECTRONIC_ADVANCED dave@mail.example DATES 2026-11-13 2026-11-14
fourth=$ref
run 0 "writ authenticate $fourth --as Ben --by none --sign LOOKALIKE_DOMAIN --sign REFUSES_CALL_BACK"
run 4 "writ decide $fourth comply --as Ana --key ana.key"
run 0 "writ decide $fourth refuse --reason AUTH-UNVERIFIED --reason AUTH-IMPERSONATION-SIGNS --as Ana --key ana.key"
clocked "order 1004, a forgery, refused"

say "6. An order under a court's secrecy for three months: the customer is not told before, and writ holds staff to it"
t0=$(now)
order 1005 lutetia FR COURT_PRODUCTION_ORDER COURT_SEAL erin@mail.example DATES 2026-11-01 2026-11-14
fifth=$ref
run 0 "writ authenticate $fifth --as Ben --by callback --over +33140000000 --found 'ministry directory'"
run 0 "writ gag $fifth --basis 'order of the investigating judge' --until $(date -d "+90 days" +%F) --as Ana"
run 0 "writ decide $fifth comply --as Ana --key ana.key"
run 0 "writ collect $fifth --as Ben"
run 4 "writ approve $fifth --as Ben --key ben.key"
run 4 "writ notify $fifth --sent --as Ana"
run 0 "writ notify $fifth --withheld --because COURT_ORDER --as Ana"
run 0 "writ approve $fifth --as Ben --key ben.key"
clocked "order 1005, under secrecy, first approval"

say "7. The queue, and the log of it all against the acts"
run 0 'writ order list'
run 0 'writ log verify'

say "8. The court checks the package, offline: with writ-verify, and with nothing but stock tools"
t0=$(now)
run 0 "writ-verify $first.writ.tar --identity lutetia.age --policy policy.json"
clocked "checking the package"
run 0 "mkdir court && tar -xf $first.writ.tar -C court && ls court"
run 0 "age -d -i lutetia.age court/package.age | tar -x -C court"
run 0 "cd court/$first && sha256sum --quiet -c manifest-sha256.txt && sha256sum --quiet -c tagmanifest-sha256.txt && echo every item is what the manifest names"
run 0 "cd court && openssl cms -verify -binary -inform DER -in statement.p7s -content statement.json -noverify -out /dev/null"
say "   Eight altered bytes:"
cp "$first.writ.tar" flipped.writ.tar
run 0 "printf XXXXXXXX | dd of=flipped.writ.tar bs=1 seek=\$((\$(stat -c %s flipped.writ.tar) - 3000)) conv=notrunc status=none"
run 5 "writ-verify flipped.writ.tar --identity lutetia.age --policy policy.json >flipped.txt"
run 0 "grep -A1 FAILED flipped.txt; tail -n 1 flipped.txt"

say "What each took, people's own time aside"
printf '%s' "$times"
printf '  %-48s %6d ms\n' 'the whole demonstration' $(($(now) - begun))
say "Look around:"
cat <<TXT
  cd $DEMO
  export WRIT_HOME=$DEMO/home PATH=$WRIT_BIN:\$PATH
  writ serve                                                the duty desk: open the address that it prints
  writ show $fifth                                          a timeline
  writ approve $fifth --as Chi --key chi.key                be the second to approve
  writ release $fifth --as Chi
  writ halt --as Ana --because 'try it' --key ana.key       the kill switch
  writ help                                                 everything else; 'man writ'
  rm -rf $DEMO                                              when you are done
TXT
