function ocx_reset(action)
  % Puts Octave back to the state in which it was called with 'remember'.
  persistent start
  if nargin > 0
    mlock();
    start = builtin('struct', 'path', builtin('path'), 'folder', builtin('pwd'), ...
                    'warnings', {builtin('warning')});
    return
  end
  builtin('evalin', 'base', 'builtin (''clear'', ''-variables'')');
  builtin('clear', '-global');
  builtin('clear', '-functions'); % and with them their persistent variables
  if ~builtin('strcmp', builtin('path'), start.path)
    builtin('warning', 'off', 'Octave:shadowed-function'); % the bridge does so on purpose
    builtin('path', start.path);
  end
  builtin('cd', start.folder);
  builtin('warning', 'on', 'all'); % forgets the states of single warnings
  builtin('warning', start.warnings);
  if ~builtin('isempty', builtin('get', 0, 'children'))
    close('all');
  end
end
