# Completion of jwtctl(8) for bash(1).  The commands are those that jwtctl says it
# has: a new one needs no line here.

# the words at a place: of all usages that begin with $1, the one after it
_jwtctl_words()
{
	"${COMP_WORDS[0]}" 2>&1 | sed -n -e 's/^usage:/      /' \
	    -e 's/^ *jwtctl \[-f file\] //' -e 's/^\[-d conninfo\] //' \
	    -e "s/^$1\\([a-z]*\\).*/\\1/p" | sort -u
}

# the options of a command, out of its usage
_jwtctl_options()
{
	"${COMP_WORDS[0]}" 2>&1 | sed -n "s/^.*\\] $1 *\\(\\[-.*\\)/\\1/p" |
	    grep -o -e '-[a-zA-Z]*' | sed 's/^-//' | grep -o . | sed 's/^/-/'
}

_jwtctl()
{
	local cur prev group name i words
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	group= name=
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-f | -d)	[[ -z $group ]] && ((i++)) ;;
		-*)		;;
		*)		if [[ -z $group ]]; then
					group=${COMP_WORDS[i]}
				elif [[ -z $name ]]; then
					name=${COMP_WORDS[i]}
				fi ;;
		esac
	done
	case $prev in
	-f)	if [[ -z $group ]]; then
			COMPREPLY=($(compgen -f -- "$cur"))
			return
		fi ;;
	-d)	[[ -z $group ]] && return ;;
	-t)	COMPREPLY=($(compgen -W 'rsa ec ed25519' -- "$cur"))
		return ;;
	esac
	if [[ -z $group ]]; then
		words=$(_jwtctl_words '')
		[[ $cur == -* ]] && words='-f -d'
	elif [[ -z $name ]]; then
		words=$(_jwtctl_words "$group ")
	elif [[ $cur == -* ]]; then
		words=$(_jwtctl_options "$group $name")
	else
		COMPREPLY=($(compgen -f -- "$cur"))
		return
	fi
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _jwtctl jwtctl
