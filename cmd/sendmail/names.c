/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cmd/sendmail/names.h"
#include "core/base/text.h"

/* Letters without effect: those that sendmail takes, then or now. */
static const char idle_letters[] =
    "78AaBbCcDEFfGgHIJjKkLlMmNnOoPpqRrSsTtUuVvwWXxYyZz";

static const char *const idle_words[] = {
	"AliasFile", "AliasWait", "AllowBogusHELO", "AuthMaxBits",
	"AuthMechanisms", "AuthOptions", "AuthRealm", "AutoRebuildAliases",
	"BadRcptThrottle", "BadRcptThrottleDelay", "BlankSub", "CACertFile",
	"CACertPath", "CertFingerprintAlgorithm", "CheckAliases",
	"CheckpointInterval", "CipherList", "CipherSuites", "ClassFactor",
	"ClientCertFile", "ClientKeyFile", "ClientPortOptions",
	"ClientSSLOptions", "ConnectOnlyTo", "ConnectionCacheSize",
	"ConnectionCacheTimeout", "ConnectionRateThrottle",
	"ConnectionRateWindowSize", "ControlSocketName", "CRLFile", "CRLPath",
	"DaemonPortOptions", "DANE", "DataFileBufferSize", "DeadLetterDrop",
	"DefaultAuthInfo", "DefaultCharSet", "DefaultUser", "DelayLA",
	"DeliverByMin", "DHParameters", "DHParameters512", "DialDelay",
	"DirectSubmissionModifiers", "DontBlameSendmail", "DontExpandCnames",
	"DontInitGroups", "DontProbeInterfaces", "DontPruneRoutes",
	"DoubleBounceAddress", "EightBitMode", "ErrorHeader",
	"FallbackMXhost", "FallbackSmartHost", "FastSplit", "ForkEachJob",
	"ForwardPath", "HeloName", "HelpFile", "HoldExpensive",
	"HostsFile", "HostStatusDirectory", "InputMailFilters",
	"LDAPDefaultSpec", "LogLevel", "MailboxDatabase", "MatchGECOS",
	"MaxAliasRecursion", "MaxDaemonChildren", "MaxHeadersLength",
	"MaxMimeHeaderLength", "MaxNOOPCommands", "MaxQueueChildren",
	"MaxQueueRunSize", "MaxRecipientsPerMessage", "MaxRunnersPerQueue",
	"MeToo", "Milter", "MinFreeBlocks", "MinQueueAge", "MustQuoteChars",
	"NameServOpt", "NiceQueueRun", "NoRecipientAction",
	"OldStyleHeaders", "OperatorChars", "PidFile", "PostmasterCopy",
	"PrivacyOptions", "ProcessTitlePrefix", "QueueFactor",
	"QueueFileMode", "QueueLA", "QueueSortOrder", "QueueTimeout",
	"RandFile", "RecipientFactor", "RefuseLA", "RejectLogInterval",
	"RequiresDirfsync", "ResolverOptions", "RetryFactor",
	"RrtImpliesDsn", "RunAsUser", "SafeFileEnvironment", "SaveFromLine",
	"SendMimeErrors", "ServerCertFile", "ServerKeyFile",
	"ServerSSLOptions", "ServiceSwitchFile", "SevenBitInput",
	"SharedMemoryKey", "SharedMemoryKeyFile", "SingleLineFromHeader",
	"SingleThreadDelivery", "SmtpGreetingMessage", "SMTPUTF8",
	"SoftBounce", "SSLEngine", "SSLEnginePath", "StatusFile",
	"SuperSafe", "TempFileMode", "Timeout", "TimeZoneSpec",
	"TLSFallbacktoClear", "TLSSrvOptions", "TrustedUser",
	"TryNullMXList", "UnixFromLine", "UnsafeGroupWrites",
	"UseCompressedIPv6Addresses", "UseErrorsTo", "UseMSP",
	"UserDatabaseSpec", "UserSubmission", "Verbose",
	"XscriptFileBufferSize",
};

static const struct {
	const char	*word;
	char		 letter;	/* '\0': it has none */
	enum names_act	 act;
} acting[] = {
	{ "IgnoreDots", 'i', NAMES_DOTS },
	{ "DeliveryMode", 'd', NAMES_DELIVERY },
	{ "ErrorMode", 'e', NAMES_ERRORS },
	{ "MaxHopCount", 'h', NAMES_HOPS },
	{ "QueueDirectory", 'Q', NAMES_QUEUE },
	{ "MaxMessageSize", '\0', NAMES_SIZE },
};

enum names_act
names_letter(char c)
{
	if (c == '\0')
		return NAMES_UNKNOWN;
	for (size_t i = 0; i < NELEM(acting); i++)
		if (acting[i].letter == c)
			return acting[i].act;
	return strchr(idle_letters, c) != NULL ? NAMES_NOTHING :
	    NAMES_UNKNOWN;
}

static bool
is_word(const char *p, size_t n, const char *word)
{
	return text_case_eq(p, n, word, strlen(word));
}

enum names_act
names_word(const char *p, size_t n)
{
	const char *dot = n != 0 ? memchr(p, '.', n) : NULL;

	for (size_t i = 0; i < NELEM(acting); i++)
		if (is_word(p, n, acting[i].word))
			return acting[i].act;
	if (dot != NULL)
		n = (size_t)(dot - p);
	for (size_t i = 0; i < NELEM(idle_words); i++)
		if (is_word(p, n, idle_words[i]))
			return NAMES_NOTHING;
	return NAMES_UNKNOWN;
}
