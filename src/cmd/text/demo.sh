#!/bin/sh
# The demonstration of writ: an invented provider, invented agencies and staff with throw-away keys.
# It runs nothing but the commands that it prints. Every collection goes through the same programs,
# ticket and cage as in an installed home. 'writ demo' writes this file and starts it:
#   demo.sh all      the main job, a desk full of orders, and that desk in the background
#   demo.sh no-desk  the main job alone: nothing goes on running
#   demo.sh desk     the desk itself, until its mark or its folder is gone, for eight hours at most
#   DEMO = the folder of the demonstration, OWN = your own Maildir or mbox file, or empty
set -u
cd "$DEMO" || exit 1
export WRIT_HOME="$DEMO/home"
desk="$DEMO/desk"	# .runs is the mark, .address what 'writ serve' says, .log its access log

if [ "$1" = desk ]; then
	exec 9>"$desk.lock"
	flock -n 9 || exit 1
	for port in 8443 0; do	# 8443 may be taken
		timeout 8h writ serve --listen "localhost:$port" >"$desk.address" 2>"$desk.log" 9>&- &
		while [ -e "$desk.runs" ] && kill -0 $! 2>/dev/null; do sleep 1; done
		kill $! 2>/dev/null
		wait $!
		[ -e "$desk.runs" ] && ! [ -s "$desk.address" ] || break
	done
	rm -f "$desk.runs"
	exit 0
fi
user=$(id -un)
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold='\033[1m'; dim='\033[2m'; off='\033[0m'; else bold=''; dim=''; off=''; fi

now() { date +%s%3N; }
say() { printf "\n${bold}%s${off}\n" "$*"; }
# run EXPECTED-STATUS COMMAND...: prints the command, runs it, checks its exit status
run() {
	want=$1; shift
	printf "${dim}\$ %s${off}\n" "$*"
	(eval "$@") </dev/null >out 2>&1; got=$?
	[ "$brief" = yes ] && [ "$got" = "$want" ] || sed 's/^/  /' out
	[ "$got" = "$want" ] || { printf '  (ended with %s instead of %s; the folder is %s)\n' "$got" "$want" "$DEMO"; exit 1; }
}

brief=no	# yes: what a command says is shown only where it fails
begun=$(now)
say "1. A provider with three people and an auditor, two agencies and their keys (all invented, all thrown away)"
for p in ana ben chi eva; do ssh-keygen -q -t ed25519 -N '' -C "$p" -f "$p.key" </dev/null; done
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
run 0 'echo Europe/Paris >home/zone'
run 0 "writ roster add --as Ana --name Eva --user $user --pub eva.key.pub --may audit --key ana.key --key ben.key"
run 0 "printf 'provider_version: 1\nname: demo\nlegal_entity: Example Mail (demo)\nestablished_in:\n  - FR\neu_addressee_in: FR\neu_addressee: Example Mail (demo)\naccepted_languages:\n  - en\n  - fr\n' >home/provider.yaml"
for pack in common calendars eu-eevidence fr gb; do run 0 "writ law adopt $pack --as Ana --key ana.key"; done
run 0 'writ store check --as Ana'
run 0 'writ doctor'
run 0 'writ policy export --out policy.json'

# A page of text lines as PDF: the first in bold, a line that begins with * in bold, too.
pdf() {
	awk -v stamp="$1" '
	function put(text) { printf "%s", text; at += length(text) }
	function part(n, text) { where[n] = at; put(n " 0 obj\n" text "\nendobj\n") }
	BEGIN { page = "BT 19 TL 60 770 Td /B 18 Tf\n" }
	{
		bold = sub(/^[*]/, "") || NR == 1
		gsub(/[\\()]/, "\\\\&")
		page = page (NR == 1 ? "" : bold ? "/B 14 Tf " : "/R 13 Tf ") "(" $0 ") Tj T*\n"
	}
	END {
		page = page "ET\n"
		if (stamp) page = page "q .97 .23 -.23 .97 390 160 cm .6 .1 .1 RG .6 .1 .1 rg 2 w 0 0 120 44 re S BT /B 13 Tf 12 17 Td (" stamp ") Tj ET Q\n"
		put("%PDF-1.4\n")
		part(1, "<</Type/Catalog/Pages 2 0 R>>")
		part(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
		part(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</R 5 0 R/B 6 0 R>>>>>>")
		part(4, "<</Length " length(page) ">>stream\n" page "endstream")
		part(5, "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>")
		part(6, "<</Type/Font/Subtype/Type1/BaseFont/Times-Bold>>")
		table = at
		put("xref\n0 7\n0000000000 65535 f \n")
		for (n = 1; n < 7; n++) put(sprintf("%010d 00000 n \n", where[n]))
		put("trailer<</Size 7/Root 1 0 R>>\nstartxref\n" table "\n%%EOF\n")
	}'
}

# paper, facts: an order as its sender prints it, and as the order file states it
paper() {
	cat <<-TEXT
	$court
	Case 26-$number, issued on $issued

	To: Example Mail (demo), legal department

	*$title

	$matter

	In the investigation 26-$number the provider is ordered to hand over:

	1. $(echo "$category" | tr _ ' ') of the account $account@mail.example
	2. $range_in_words

	The answer is due on $by. It goes to the $recipient key of the authority,
	which is registered with the provider.


	For the authority

	(invented for a demonstration; nobody of this name exists)
	TEXT
}
facts() {
	printf 'order_version: 1\nfacts:\n  facts_version: 1\n  order:\n    received_via: EMAIL\n    language: en\n    document_sha256: %s\n' "$hash"
	printf '  issuer:\n    country: %s\n    authority_kind: %s\n    authority_name: %s\n' "$country" "$authority" "$court"
	printf '  instrument:\n    kind: %s\n    provisions:\n      - %s\n    issued_on: %s\n    return_by: %s\n    served_on: Example Mail (demo)\n    signature: %s\n    case_number: 26-%s\n    grounds_stated: yes\n    certificates:\n      - %s\n    controller_reason: NONE\n    enforcing_authority_notified: yes\n    enforcing_authority_reply: NONE\n' "$kind" "$provision" "$issued" "$by" "$signature" "$number" "$certificate"
	printf '  purpose:\n    proceeding: CRIMINAL_INVESTIGATION\n    offence: fraud\n    offence_max_penalty_months: 60\n'
	[ "$danger" = no ] || printf '  emergency:\n    claimed: yes\n    kind: MISSING_PERSON\n    imminent: yes\n    harm_described: yes\n'
	printf '  secrecy:\n    kind: NONE\n  demands:\n    - id: d1\n      category: %s\n      shape: TARGETED\n      target_kind: EMAIL\n      target: %s@mail.example\n      range: %s\n' "$category" "$account" "$range"
	[ -z "$from" ] || printf '      from: %s\n      until: %s\n' "$from" "$until"
	printf 'authority_reference: 26-%s\nagency: %s\nrecipients:\n  - %s\nlines:\n  - id: d1\n    date_meaning: delivery\n    zone: Europe/Paris\n    stores:\n      - %s\n    folders:\n      - ALL\n' "$number" "$agency" "$recipient" "$where"
}

# order NUMBER ACCOUNT VARIABLE=VALUE...: an order on paper and as a file
order() {
	number=$1 account=$2 agency=lutetia kind=COURT_PRODUCTION_ORDER signature=COURT_SEAL authority=JUDGE_COURT
	category=CONTENT_COMM range=DATES from=2026-11-01 until=2026-11-14 days=12 danger=no certificate=NONE stamp='COURT SEAL' where=main
	matter='The examining judge, having regard to the Code of Criminal Procedure:'
	shift 2
	for set; do eval "${set%%=*}=\${set#*=}"; done
	case $agency in
	lutetia) country=FR court='Tribunal judiciaire de Lutece' recipient='Lutece 2026' provision='CPP 99-4' ;;
	thames) country=GB court='Crown Court at Thames' recipient='Thames 2026' provision=unknown ;;
	esac
	title=$(echo "$kind" | tr _ ' ') range_in_words="from $from until $until"
	[ -n "$from" ] || range_in_words='without a limit of time'
	[ "$kind" != EPOC ] || title='EUROPEAN PRODUCTION ORDER CERTIFICATE' provision='Reg (EU) 2023/1543 art 5' certificate=EPOC_CERTIFICATE
	[ "$account" != "$(basename "$OWN")" ] || where=own
	issued=$(date -d '-2 days' +%F) by=$(date -d "$days days" +%F)
	paper | pdf "$stamp" >"$number.pdf"
	hash=$(sha256sum "$number.pdf" | cut -d' ' -f1)
	facts >"$number.yaml"
	run 0 "writ order submit $number.yaml --paper $number.pdf --as Ben"
	ref=$(grep -x 'W-[0-9A-Z]*-[0-9A-Z]*' out)
}
times=''
clocked() { times="$times$(printf '  %-48s %6d ms' "$1" $(($(now) - t0)))
"; }

say "2. An order of a court for a fortnight of one mailbox: verified, decided, collected, approved by two, released"
t0=$(now)
if [ -n "$OWN" ]; then order 1001 "$(basename "$OWN")" range=WHOLE_ACCOUNT from= until=
else order 1001 alice; fi
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
order 1002 bob agency=thames range=NONE from= until=
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
order 1003 carol kind=PROSECUTOR_ORDER authority=PROSECUTOR signature=NONE stamp=
third=$ref
run 0 "writ authenticate $third --as Ben --by callback --over +33140000000 --found 'ministry directory'"
run 0 "writ decide $third refuse --reason INST-UNSIGNED --as Ana --key ana.key"
run 0 "writ letter $third refusal"
clocked "order 1003, refused"

say "5. 'Life in danger, answer at once': from a look-alike domain. The number in our own register knows nothing of it"
t0=$(now)
order 1004 dave kind=EMERGENCY_REQUEST authority=POLICE signature=ELECTRONIC_ADVANCED from=2026-11-13 days=0 danger=yes stamp= matter='Life in danger. Answer at once, to police@lutece-police.example:'
fourth=$ref
run 0 "writ authenticate $fourth --as Ben --by none --sign LOOKALIKE_DOMAIN --sign REFUSES_CALL_BACK"
run 4 "writ decide $fourth comply --as Ana --key ana.key"
run 0 "writ decide $fourth refuse --reason AUTH-UNVERIFIED --reason AUTH-IMPERSONATION-SIGNS --as Ana --key ana.key"
clocked "order 1004, a forgery, refused"

say "6. An order under a court's secrecy for three months: the customer is not told before, and writ holds staff to it"
t0=$(now)
order 1005 erin
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

say "7. Life in danger, and true: a European production order with eight hours to answer, by the law of the rule packs"
t0=$(now)
order 1006 alice kind=EPOC authority=INVESTIGATING_JUDGE category=MSG_META danger=yes from=2026-11-13 days=1 matter='A child is missing since yesterday evening; whoever wrote to it is to be found:'
run 0 "writ authenticate $ref --as Ben --by callback --over +33140000000 --found 'ministry directory' --sign NONE --fact customer.kind=CONSUMER --fact data.provider_acts_as=CONTROLLER --fact data.provider_has_control=yes --fact data.foreign_law_conflict=NONE"
run 0 "writ judge $ref --as Ben"
sixth=$ref
clocked "order 1006, an emergency, judged"

say "8. The queue, and the log of it all against the acts"
run 0 'writ order list'
run 0 'writ log verify'

say "9. The court checks the package, offline: with writ-verify, and with nothing but stock tools"
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

if [ "$1" != no-desk ]; then
say "10. A desk full of orders: 34 more, in every state, three of them forged"
t0=$(now)
brief=yes
# What is done to the order REF, each a command as above.
check() { run 0 "writ authenticate $ref --as Ben --by callback --over +33140000000 --found 'ministry directory' --sign NONE --fact customer.kind=CONSUMER"; }
suspect() { run 0 "writ authenticate $ref --as Ben --by none --sign $1"; }
judge() { run 0 "writ judge $ref --as Ben"; }
comply() { run 0 "writ decide $ref comply --as Ana --key ana.key"; }
collect() { run 0 "writ collect $ref --as Ben"; }
tell() { run 0 "writ notify $ref --sent --as Ana"; }
first() { run 0 "writ approve $ref --as Ben --key ben.key"; }
second() { run 0 "writ approve $ref --as Chi --key chi.key"; }
release() { run 0 "writ release $ref --as Chi"; }
deliver() { run 0 "mkdir -p -m 700 home/delivered && writ deliver $ref --as Chi --out home/delivered/$ref.writ.tar"; }	# where the desk has it
refuse() { run 0 "writ decide $ref refuse --reason $1 --as Ana --key ana.key"; }
ask() { run 0 "writ decide $ref ask --reason $1 --as Ana --key ana.key"; }
redirect() { run 0 "writ decide $ref redirect --reason BIZ-REDIRECT --as Ana --key ana.key"; }
withdraw() { run 0 "writ withdraw $ref --because 'the person was found' --as Ana --key ana.key"; }
sealed() { check; comply; collect; }
approved() { sealed; tell; first; second; }
handed() { approved; release; deliver; }
# NUMBER ACCOUNT AGENCY DAYS-TO-ANSWER CATEGORY, and what is done to it
while read -r n account agency days category steps; do
	order "$n" "$account" "agency=$agency" "days=$days" "category=$category"
	for step in $steps; do "${step%%:*}" "${step#*:}"; done
done <<LIST
1007 bob lutetia 12 CONTENT_COMM handed
1008 carol thames 10 CONTENT_COMM handed
1009 dave lutetia 9 MSG_META handed
1010 erin lutetia 5 CONTENT_COMM approved release
1011 alice thames 4 CONTENT_COMM approved
1012 bob lutetia 3 MSG_META sealed tell first
1013 carol lutetia 6 CONTENT_COMM sealed tell
1014 dave thames 8 CONTENT_COMM sealed
1015 erin lutetia 2 CONTENT_COMM check comply
1016 alice lutetia 11 MSG_META check comply
1017 bob thames 7 CONTENT_COMM check judge
1018 carol lutetia 13 CONTENT_COMM check judge
1019 dave lutetia 14 SUB_ID check judge
1020 erin thames 20 CONTENT_COMM check
1021 alice lutetia 21 MSG_META check
1022 bob lutetia -1 CONTENT_COMM check judge
1023 carol thames 15 CONTENT_COMM suspect:LOOKALIKE_DOMAIN refuse:AUTH-IMPERSONATION-SIGNS
1024 dave lutetia 10 CONTENT_COMM suspect:UNKNOWN_JUDGE refuse:AUTH-IMPERSONATION-SIGNS
1025 erin lutetia 1 CONTENT_COMM suspect:REUSED_DOCUMENT
1026 alice thames 10 CONTENT_COMM check refuse:TERR-CONFLICT
1027 bob lutetia 10 SUB_ID check refuse:CAT-EXCEEDS
1028 carol lutetia 18 CONTENT_COMM check ask:PART-NO-RANGE
1029 dave thames 16 CONTENT_COMM check redirect
1030 erin lutetia 17 CONTENT_COMM check withdraw
1031 alice lutetia 19 CONTENT_COMM
1032 bob thames 22 MSG_META
1033 carol lutetia 23 CONTENT_COMM
1034 dave lutetia 24 SUB_ID
1035 erin thames 25 CONTENT_COMM
1036 alice lutetia 26 CONTENT_COMM
1037 bob lutetia 27 MSG_META
1038 carol thames 28 CONTENT_COMM
1039 dave lutetia 29 CONTENT_COMM
1040 erin lutetia 30 CONTENT_COMM
LIST
run 0 "writ paper read $sixth --as Ben"
run 0 "writ paper read $second --as Ben"
run 0 "writ paper read $fifth --as Ben"
brief=no
clocked "34 orders more"
fi

say "What each took, people's own time aside"
printf '%s' "$times"
printf '  %-48s %6d ms\n' 'the whole demonstration' $(($(now) - begun))
say "Look around:"
cat <<TXT
  cd $DEMO
  export WRIT_HOME=$DEMO/home PATH=$WRIT_BIN:\$PATH
  writ show $fifth                                     a timeline
  writ approve $fifth --as Chi --key chi.key           be the second to approve
  writ release $fifth --as Chi
  writ halt --as Ana --because 'try it' --key ana.key       the kill switch
  writ help                                                 everything else; 'man writ'
TXT
[ "$1" = no-desk ] && { echo "  rm -rf $DEMO    when you are done"; exit 0; }

# The desk outlives this script, in a session of its own, with no descriptor of the caller's.
for other in "$(dirname "$DEMO")"/writ-demo-*/desk.runs; do
	! [ -O "$other" ] || flock -n "${other%runs}lock" true ||
		echo "  (the desk of an earlier demonstration still runs: $(cat "${other%runs}address"))"
done
: >"$desk.runs"
setsid -f sh "$DEMO/demo.sh" desk </dev/null >/dev/null 2>&1
# healthy: it has said its address, and answers there
healthy() {
	address=$(head -n 1 "$desk.address" 2>/dev/null)
	at=${address#https://} at=${at%/}
	[ -n "$at" ] && printf 'GET /health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$at" |
		openssl s_client -quiet -verify_return_error -CAfile home/tls/certificate.pem -connect "$at" 2>/dev/null | grep -q '^ok$'
}
waits=0
until healthy; do
	waits=$((waits + 1))
	[ $waits -lt 300 ] && [ -e "$desk.runs" ] || { rm -f "$desk.runs"; echo "  the desk does not answer:"; cat "$desk.log"; exit 1; }
	sleep 0.1
done
say "The duty desk, with these orders: $address"
cat <<TXT
  sign in there with one click as Ana (decides), Ben or Chi (approve), or Eva (audits);
  your browser does not know the certificate of an invented provider and asks whether you do
  ends by itself in eight hours, with:  writ demo --stop   or:  rm -rf $DEMO
  home $DEMO/home
TXT
