// expect: CE | wall: compile | fact: a compiler that leaves more files than can be taken along is no failure of ours
public class ManyClasses {
    public static void main(String[] arguments) {
    }
    class C000 { } class C001 { } class C002 { } class C003 { } class C004 { } class C005 { } class C006 { } class C007 { } class C008 { } class C009 { }
    class C010 { } class C011 { } class C012 { } class C013 { } class C014 { } class C015 { } class C016 { } class C017 { } class C018 { } class C019 { }
    class C020 { } class C021 { } class C022 { } class C023 { } class C024 { } class C025 { } class C026 { } class C027 { } class C028 { } class C029 { }
    class C030 { } class C031 { } class C032 { } class C033 { } class C034 { } class C035 { } class C036 { } class C037 { } class C038 { } class C039 { }
    class C040 { } class C041 { } class C042 { } class C043 { } class C044 { } class C045 { } class C046 { } class C047 { } class C048 { } class C049 { }
    class C050 { } class C051 { } class C052 { } class C053 { } class C054 { } class C055 { } class C056 { } class C057 { } class C058 { } class C059 { }
    class C060 { } class C061 { } class C062 { } class C063 { } class C064 { } class C065 { } class C066 { } class C067 { } class C068 { } class C069 { }
    class C070 { } class C071 { } class C072 { } class C073 { } class C074 { } class C075 { } class C076 { } class C077 { } class C078 { } class C079 { }
    class C080 { } class C081 { } class C082 { } class C083 { } class C084 { } class C085 { } class C086 { } class C087 { } class C088 { } class C089 { }
    class C090 { } class C091 { } class C092 { } class C093 { } class C094 { } class C095 { } class C096 { } class C097 { } class C098 { } class C099 { }
    class C100 { } class C101 { } class C102 { } class C103 { } class C104 { } class C105 { } class C106 { } class C107 { } class C108 { } class C109 { }
    class C110 { } class C111 { } class C112 { } class C113 { } class C114 { } class C115 { } class C116 { } class C117 { } class C118 { } class C119 { }
    class C120 { } class C121 { } class C122 { } class C123 { } class C124 { } class C125 { } class C126 { } class C127 { } class C128 { } class C129 { }
    class C130 { } class C131 { } class C132 { } class C133 { } class C134 { } class C135 { } class C136 { } class C137 { } class C138 { } class C139 { }
    class C140 { } class C141 { } class C142 { } class C143 { } class C144 { } class C145 { } class C146 { } class C147 { } class C148 { } class C149 { }
    class C150 { } class C151 { } class C152 { } class C153 { } class C154 { } class C155 { } class C156 { } class C157 { } class C158 { } class C159 { }
    class C160 { } class C161 { } class C162 { } class C163 { } class C164 { } class C165 { } class C166 { } class C167 { } class C168 { } class C169 { }
    class C170 { } class C171 { } class C172 { } class C173 { } class C174 { } class C175 { } class C176 { } class C177 { } class C178 { } class C179 { }
    class C180 { } class C181 { } class C182 { } class C183 { } class C184 { } class C185 { } class C186 { } class C187 { } class C188 { } class C189 { }
    class C190 { } class C191 { } class C192 { } class C193 { } class C194 { } class C195 { } class C196 { } class C197 { } class C198 { } class C199 { }
    class C200 { } class C201 { } class C202 { } class C203 { } class C204 { } class C205 { } class C206 { } class C207 { } class C208 { } class C209 { }
}
