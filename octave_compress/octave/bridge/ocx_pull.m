function value = ocx_pull(name)
  % The value of a variable of the base workspace.
  if builtin('evalin', 'base', ['builtin (''exist'', ''', name, ''', ''var'')']) ~= 1
    builtin('error', 'octave_compress:value', ...
            'Session.pull: NAME must be a variable of the base workspace, got %s', name);
  end
  value = builtin('evalin', 'base', name);
end
