function ocx_reset(action)
  % Puts Octave back to the state in which it was called with 'remember'.
  persistent start
  mlock();
  if nargin > 0
    start = struct('path', path(), 'folder', pwd(), 'warnings', {warning()});
    return
  end
  evalin('base', 'clear -x ocx_folders'); % which the loop needs when it is called again
  clear('-global');
  clear('-functions'); % and with them their persistent variables
  if ~strcmp(path(), start.path)
    warning('off', 'Octave:shadowed-function'); % two functions of the bridge do so on purpose
    path(start.path);
  end
  cd(start.folder);
  warning('on', 'all'); % forgets the states of single warnings
  warning(start.warnings);
  if ~isempty(get(0, 'children'))
    close('all');
  end
end
